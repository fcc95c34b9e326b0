"""From the plan to files: each template is given a context of plain values.

Nothing here decides what is generated; it only spells out what the plan says.
"""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from nodewright.planning.model import NodePlan, Plan, RenderedFile
from nodewright.rendering.contexts import Context, node_context
from nodewright.templates import TemplatePack

# Kind -> (template of the kind's folder, file it becomes, whether the user owns it).
_SHARED = [
    ("contract.yaml.j2", "contract.yaml", False),
    ("node.py.j2", "node.py", False),
    ("model_input.py.j2", "models/model_{name}_input.py", False),
    ("model_output.py.j2", "models/model_{name}_output.py", False),
    ("handler.py.j2", "handlers/handler_{name}.py", True),
]
_KIND_FILES: dict[str, list[tuple[str, str, bool]]] = {
    "EFFECT": [
        ("protocol_repository.py.j2", "protocols/protocol_{name}_repository.py", False),
        ("repository_memory.py.j2", "handlers/repository_{name}_memory.py", True),
    ],
    "COMPUTE": [],
    "REDUCER": [("model_state.py.j2", "models/model_{name}_state.py", False)],
    "ORCHESTRATOR": [("model_step.py.j2", "models/model_{name}_step.py", False)],
}
_GATEWAY_FILES = [
    ("protocol_gateway.py.j2", "protocols/protocol_{name}_gateway.py", False),
    ("gateway_memory.py.j2", "handlers/gateway_{name}_memory.py", True),
]


def render_node(plan: Plan, node: NodePlan, pack: TemplatePack) -> tuple[RenderedFile, ...]:
    """All files of ``node``: its folder under ``src`` and its test."""
    context = node_context(plan, node)
    folder = f"src/{plan.package}/nodes/{node.slug}"
    kind = f"node_{node.kind.lower()}"
    wanted = [(f"{kind}/{template}", target, owned) for template, target, owned in _SHARED]
    wanted += [(f"{kind}/{name}", target, owned) for name, target, owned in _KIND_FILES[node.kind]]
    if node.kind == "EFFECT" and context["uses"]["deliver"]:
        wanted += [(f"{kind}/{name}", target, owned) for name, target, owned in _GATEWAY_FILES]
    if context["uses"]["rules"]:
        wanted.append(("common/rules.py.j2", "handlers/rules_{name}.py", True))
    if node.kind != "ORCHESTRATOR":
        wanted.append(("common/model_item.py.j2", "models/model_{name}_item.py", False))
    requirements = tuple(trace.requirement for trace in node.traces)
    files = [
        _file(
            pack,
            template,
            f"{folder}/{target.format(name=node.name)}",
            context,
            node=node.slug,
            requirements=requirements,
            user_owned=owned,
        )
        for template, target, owned in wanted
    ]
    folders = sorted({file.path.rsplit("/", 1)[0] for file in files})
    files += [
        _file(
            pack,
            "common/init.py.j2",
            f"{path}/__init__.py",
            {"text": _folder_text(node, path.rsplit("/", 1)[-1])},
            node=node.slug,
            requirements=requirements,
        )
        for path in folders
    ]
    files.append(
        _file(
            pack,
            f"{kind}/test_node.py.j2",
            f"tests/test_{node.slug}.py",
            context,
            node=node.slug,
            requirements=requirements,
            user_owned=True,
        )
    )
    return tuple(files)


def render_package(plan: Plan, pack: TemplatePack) -> tuple[RenderedFile, ...]:
    """The package's own files, for the nodes that ``plan`` has."""
    context: Context = {
        "package": plan.package,
        "distribution": plan.package.replace("_", "-").strip("-"),
        "title": plan.title,
        "description": plan.description,
        "nodes": plan.nodes,
        "uncovered": plan.uncovered,
        "omnibase_version": _omnibase_version(),
    }
    return (
        *render_frame(plan, pack),
        _file(pack, "package/README.md.j2", "README.md", context),
        _file(pack, "package/test_package.py.j2", "tests/test_package.py", context),
    )


def render_frame(plan: Plan, pack: TemplatePack) -> tuple[RenderedFile, ...]:
    """Those of the package's own files that a node needs to be imported and judged."""
    context: Context = {
        "package": plan.package,
        "distribution": plan.package.replace("_", "-").strip("-"),
        "description": plan.description,
        "omnibase_version": _omnibase_version(),
    }
    about = f"Nodes of {plan.title}."
    return (
        _file(pack, "package/pyproject.toml.j2", "pyproject.toml", context),
        _file(pack, "common/init.py.j2", f"src/{plan.package}/__init__.py", {"text": about}),
        _file(pack, "common/init.py.j2", f"src/{plan.package}/nodes/__init__.py", {"text": about}),
        _file(pack, "package/py.typed.j2", f"src/{plan.package}/py.typed", {}),
    )


@cache
def _omnibase_version() -> str:
    return version("omnibase-core")


def _file(
    pack: TemplatePack,
    template: str,
    path: str,
    context: Mapping[str, object],
    *,
    node: str = "",
    requirements: tuple[str, ...] = (),
    user_owned: bool = False,
) -> RenderedFile:
    rendering = pack.rendering(template, context)
    return RenderedFile(
        path=path,
        content=rendering.text,
        template=template,
        template_version=rendering.version,
        template_hash=rendering.file_hash,
        node=node,
        requirements=requirements,
        user_owned=user_owned,
    )


def _folder_text(node: NodePlan, folder: str) -> str:
    return {
        "models": f"What {node.class_name} takes and gives.",
        "handlers": f"The behaviour of {node.class_name}.",
        "protocols": f"What {node.class_name} needs from outside.",
    }.get(folder, f"{node.class_name}: {node.description}")
