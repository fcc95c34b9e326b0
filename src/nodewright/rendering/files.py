"""From the plan to files: each template is given a context of plain values.

Nothing here decides what is generated; it only spells out what plan and specification say.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version

from nodewright.planning.plan import NodePlan, Plan
from nodewright.rendering.acceptance import Acceptance, acceptance_tests, imports_of
from nodewright.rendering.file_context import FileContext
from nodewright.rendering.model import RenderedFile
from nodewright.rendering.node_files import node_files
from nodewright.rendering.package_files import frame_files
from nodewright.rendering.readme import readme
from nodewright.spec.verdicts import ClauseVerdict
from nodewright.templates import TemplatePack


def render_node(plan: Plan, node: NodePlan, pack: TemplatePack) -> tuple[RenderedFile, ...]:
    """All files of ``node``: its folder under ``src``."""
    requirements = tuple(trace.requirement for trace in node.traces)
    files = [
        _file(pack, each, node=node.slug, requirements=requirements)
        for each in node_files(plan, plan.specification, node)
    ]
    return (*files, *_packages(pack, files, node.slug, _node_texts(node), requirements))


def render_tests(
    node: NodePlan, shows: Sequence[Acceptance], pack: TemplatePack
) -> tuple[RenderedFile, ...]:
    """The acceptance tests of the clauses that ``node`` answers for."""
    asked, tests = acceptance_tests(shows)
    context = {
        "cls": node.class_name,
        "requests": asked,
        "tests": tests,
        "imports": imports_of(asked, tests),
    }
    path = f"tests/test_{node.slug}.py"
    file = FileContext("tests/test_clauses.py.j2", path, context)
    requirements = tuple(dict.fromkeys(each.note.requirement for each in shows))
    return (_file(pack, file, node=node.slug, requirements=requirements),)


def render_frame(plan: Plan, pack: TemplatePack) -> tuple[RenderedFile, ...]:
    """Those of the package's own files that a node needs to be imported and judged."""
    root = f"src/{plan.package}"
    files = [_file(pack, each) for each in frame_files(plan, plan.specification)]
    about = f"Nodes of {plan.title}."
    world = {
        "package": plan.package,
        "schedules": plan.schedules,
        "consumers": any(each.on for each in plan.specification.operations),
    }
    files += [
        _file(pack, FileContext(template, path, context))
        for template, path, context in (
            ("package/pyproject.toml.j2", "pyproject.toml", _project(plan)),
            ("common/init.py.j2", f"{root}/nodes/__init__.py", {"text": about}),
            ("package/py.typed.j2", f"{root}/py.typed", {}),
            ("tests/conftest.py.j2", "tests/conftest.py", {}),
            ("tests/world.py.j2", "tests/world.py", world),
        )
    ]
    inside = [each for each in files if each.path.startswith(root) and "/nodes/" not in each.path]
    return (*files, *_packages(pack, inside, "", _FRAME_TEXTS | {plan.package: about}, ()))


def render_package(plan: Plan, pack: TemplatePack) -> tuple[RenderedFile, ...]:
    """The package's own files, for the nodes that ``plan`` has."""
    context = {"package": plan.package, "nodes": plan.nodes}
    return (
        *render_frame(plan, pack),
        render_readme(plan, pack),
        _file(pack, FileContext("package/test_package.py.j2", "tests/test_package.py", context)),
    )


def render_readme(
    plan: Plan, pack: TemplatePack, verdicts: Sequence[ClauseVerdict] = ()
) -> RenderedFile:
    """The package's README; it says of each clause what became of it."""
    return _file(pack, FileContext("package/README.md.j2", "README.md", readme(plan, verdicts)))


_FRAME_TEXTS = {
    "entities": "Records, and the rules that hold for them.",
    "stores": "Where records are kept.",
    "ports": "What messages are sent to.",
}


def _node_texts(node: NodePlan) -> dict[str, str]:
    return {
        node.slug: f"{node.class_name}: {node.description}",
        "models": f"What {node.class_name} takes and gives.",
        "handlers": f"The behaviour of {node.class_name}.",
    }


def _packages(
    pack: TemplatePack,
    files: Sequence[RenderedFile],
    node: str,
    texts: Mapping[str, str],
    requirements: tuple[str, ...],
) -> list[RenderedFile]:
    """An ``__init__.py`` for each folder of ``files``."""
    folders = sorted({file.path.rsplit("/", 1)[0] for file in files})
    return [
        _file(
            pack,
            FileContext(
                "common/init.py.j2",
                f"{folder}/__init__.py",
                {"text": texts[folder.rsplit("/", 1)[-1]]},
            ),
            node=node,
            requirements=requirements,
        )
        for folder in folders
    ]


def _project(plan: Plan) -> dict[str, object]:
    return {
        "package": plan.package,
        "distribution": plan.package.replace("_", "-").strip("-"),
        "description": plan.description,
        "omnibase_version": _omnibase_version(),
        "nodes": [node.slug for node in plan.nodes],
    }


@cache
def _omnibase_version() -> str:
    return version("omnibase-core")


def _file(
    pack: TemplatePack,
    wanted: FileContext,
    *,
    node: str = "",
    requirements: tuple[str, ...] = (),
) -> RenderedFile:
    rendering = pack.rendering(wanted.template, wanted.context)
    return RenderedFile(
        path=wanted.path,
        content=rendering.text,
        template=wanted.template,
        template_version=rendering.version,
        template_hash=rendering.file_hash,
        node=node,
        requirements=requirements,
        user_owned=wanted.user_owned,
    )
