"""Every judge accepts correct nodes of each kind, and has a node that only it rejects."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nodewright.proving import lint_package, package, verify_node, verify_package
from nodewright.proving.model import Check, Verify

KINDS = ["EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR"]
STATIC = ["parses", "ruff", "contract"]
RUN = [*STATIC, "imports", "constructs", "processes"]
Stage = Callable[..., Any]


def verified(stage: Any, folder: Path, kind: str, level: Verify = Verify.RUN) -> tuple[Check, ...]:
    name = folder.name.removeprefix("node_").removesuffix(f"_{kind.lower()}")
    class_name = f"Node{name.capitalize()}{kind.capitalize()}"
    return verify_node(stage.root, stage.package, folder, kind, class_name, level)


def rejecting(checks: tuple[Check, ...]) -> list[str]:
    return [check.name for check in checks if not check.passed]


@pytest.mark.parametrize("kind", KINDS)
def test_correct_node_passes(stage: Stage, kind: str) -> None:
    staged = stage()
    folder = staged.add("thing", kind)
    checks = verified(staged, folder, kind)
    assert [check.name for check in checks] == RUN
    assert rejecting(checks) == [], checks


def test_static_level_runs_nothing(stage: Stage) -> None:
    staged = stage()
    folder = staged.add("thing", "COMPUTE")
    staged.edit(folder / "node.py", "super().__init__(container)", 'raise RuntimeError("ran")')
    checks = verified(staged, folder, "COMPUTE", Verify.STATIC)
    assert [check.name for check in checks] == STATIC
    assert rejecting(checks) == []


HANDLER = "handlers/handler_thing.py"
WRONG = [
    ("parses", HANDLER, "        return Model", "        retrun Model"),
    ("parses", HANDLER, '"""What the node does."""', '"""What\0the node does."""'),
    ("ruff", HANDLER, '"""What the node does."""\n', '"""What the node does."""\n\nimport os\n'),
    ("contract", "contract.yaml", "single_operation_max_ms: 1000", "single_operation_max_ms: no"),
    ("contract", "contract.yaml", "node_type: COMPUTE", "node_type: EFFECT"),
    ("contract", "contract.yaml", "description: A small node", "unknown: key"),
    ("contract", "contract.yaml", "description: A small node", "description: [unclosed"),
    ("imports", HANDLER, 'finds none."""', 'finds none."""\n\n    raise RuntimeError("at import")'),
    ("imports", HANDLER, 'finds none."""', 'finds none."""\n\n    raise SystemExit(3)'),
    ("imports", "node.py", "NodeThingCompute", "NodeOtherCompute"),
    ("imports", "node.py", "async def run_once", "async def run_twice"),
    ("imports", "contract.yaml", "ModelThingInput", "ModelNothingInput"),
    ("constructs", "node.py", "super().__init__(container)", 'raise RuntimeError("no")'),
    ("constructs", "node.py", "super().__init__(container)", "super().__init__(object())"),
    ("processes", HANDLER, "value=request.value * 2", 'value="many"'),
    ("processes", HANDLER, ', error_code="not_found"', ""),
    ("processes", HANDLER, "ModelThingOutput(success=True, value=request.value * 2)", "request"),
    ("processes", "node.py", "    return result.result", "    return result.result and request"),
    (
        "processes",
        "node.py",
        "    result = await node.process(",
        "    return HandlerThing().handle(request)\n    result = await node.process(",
    ),
]


@pytest.mark.parametrize(("judge", "path", "old", "new"), WRONG)
def test_each_judge_rejects_what_only_it_can_see(
    stage: Stage, judge: str, path: str, old: str, new: str
) -> None:
    staged = stage()
    folder = staged.add("thing", "COMPUTE")
    staged.edit(folder / path, old, new)
    checks = verified(staged, folder, "COMPUTE")
    assert rejecting(checks) == [judge], checks
    assert all(check.detail for check in checks if not check.passed)


def test_second_operation_is_tried_too(stage: Stage) -> None:
    staged = stage()
    folder = staged.add("thing", "EFFECT")
    staged.edit(folder / HANDLER, 'return ModelThingOutput(success=False, error_code="not_found")',
                'raise RuntimeError("broken")')  # fmt: skip
    checks = verified(staged, folder, "EFFECT")
    assert rejecting(checks) == ["processes"]
    assert "broken" in checks[-1].detail


def test_packages_of_one_name_are_told_apart(stage: Stage) -> None:
    first, second = stage(), stage()
    good, bad = first.add("thing", "COMPUTE"), second.add("thing", "COMPUTE")
    second.edit(bad / HANDLER, "value=request.value * 2", 'value="many"')
    for _ in range(2):
        assert rejecting(verified(first, good, "COMPUTE")) == []
        assert rejecting(verified(second, bad, "COMPUTE")) == ["processes"]


def test_name_of_an_installed_package_is_rejected(stage: Stage) -> None:
    staged = stage("nodewright")
    folder = staged.add("thing", "COMPUTE")
    checks = verified(staged, folder, "COMPUTE")
    assert rejecting(checks) == ["imports"], checks


def test_verifying_leaves_the_process_as_it_was(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    staged = stage()
    folder = staged.add("thing", "EFFECT")
    staged.edit(
        folder / HANDLER, "        if request", '        print("noise")\n        if request'
    )
    for _ in range(2):
        assert rejecting(verified(staged, folder, "EFFECT")) == []
    assert capsys.readouterr().out == ""


def test_lint_is_attributed_to_nodes(stage: Stage) -> None:
    staged = stage()
    folders = {name: staged.add(name, "COMPUTE") for name in ("good", "bad", "worse")}
    staged.edit(
        folders["bad"] / "node.py",
        '"""A computation."""',
        '"""A computation."""\n    what = nothing',
    )
    staged.write({"tests/test_node_worse_compute.py": "import os\n"})
    checks = lint_package(staged.root, [folder.name for folder in folders.values()])
    assert {slug: check.passed for slug, check in checks.items()} == {
        "": True,
        "node_good_compute": True,
        "node_bad_compute": False,
        "node_worse_compute": False,
    }
    assert "F821" in checks["node_bad_compute"].detail


def test_package_judges_attribute_what_they_find(stage: Stage, pytestconfig: Any) -> None:
    staged = stage()
    wrong = {
        "mypy": ("COMPUTE", HANDLER, "    def", "    def f(self, x):\n        return x\n\n    def"),
        "onex_validate": ("COMPUTE", "models/model_onexvalidate_output.py", "\n\nclass ",
                          "\n\nclass ThingModel(BaseModel):\n    pass\n\n\nclass "),
        "onex_compliance": ("EFFECT", "contract.yaml", '"node:Node', '"Node'),
        "purity": ("EFFECT", HANDLER, "        if", '        open("/dev/null").read()\n        if'),
        "lifecycle": ("COMPUTE", "node.py", "\nclass ", "\nclass OldDaemon:\n    pass\n\n\nclass "),
    }  # fmt: skip
    expected = {"node_right_compute": [], "node_tests_compute": ["tests"]}
    staged.add("right", "COMPUTE")
    tested = staged.add("tests", "COMPUTE")
    staged.edit(staged.root / f"tests/test_{tested.name}.py", "assert answer", "assert not answer")
    for judge, (kind, path, old, new) in wrong.items():
        name = judge.replace("_", "")
        folder = staged.add(name, kind)
        staged.edit(folder / path.replace("thing", name), old, new)
        expected[folder.name] = [judge]
    cache = pytestconfig.rootpath / ".mypy_cache" / "generated"
    checks = verify_package(staged.root, "shop", expected, cache=cache)
    assert rejecting(checks.pop("")) == []
    assert {slug: rejecting(found) for slug, found in checks.items()} == expected


def test_test_that_ends_its_process_fails_alone(stage: Stage, monkeypatch: Any) -> None:
    monkeypatch.setattr(package, "JUDGES", {"tests": package.JUDGES["tests"]})
    staged = stage()
    good, bad = staged.add("good", "COMPUTE"), staged.add("bad", "COMPUTE")
    staged.edit(
        staged.root / f"tests/test_{bad.name}.py",
        "assert answer",
        "__import__('os')._exit(0)\n    assert answer",
    )
    found = verify_package(staged.root, "shop", [good.name, bad.name])
    assert rejecting(found[good.name]) == []
    assert rejecting(found[bad.name]) == ["tests"]
