"""Judges on a whole staged package; what they find is attributed to the nodes by path.

Each runs once, in a process of its own, as a user would run it.
"""

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import orjson
import yaml

from nodewright import processes
from nodewright.proving.commands import Answer, ask
from nodewright.proving.model import Check
from nodewright.proving.scratch import TemporaryFolder
from nodewright.proving.verdict import PACKAGE, Rejected, brief, judge, node_of

# Judges that run beside each other; each is mostly one busy process.
_AT_ONCE = os.cpu_count() or 1

Findings = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Staging:
    """What the judges are told: where the package is staged, and its nodes."""

    root: Path
    package: str
    slugs: tuple[str, ...]
    cache: Path | None
    timeout: float

    def ask(self, *command: str) -> Answer:
        """Run ``command`` in the staging folder with the staged package importable."""
        environment = processes.environment(PYTHONPATH=str(self.root / "src"))
        return ask(command, self.root, environment, self.timeout)

    def python(self, *arguments: str) -> Answer:
        """Run this interpreter, with its own warnings silent."""
        return self.ask(*processes.python("-W", "ignore", *arguments))


def verify_package(
    root: Path,
    package: str,
    slugs: Iterable[str],
    *,
    cache: Path | None = None,
    timeout: float = 900.0,
) -> dict[str, tuple[Check, ...]]:
    """Run the judges of ``Verify.FULL`` once over the package staged in ``root``.

    Args:
        root: the staging folder, with ``src`` and ``tests``.
        package: the package's name under ``src``.
        slugs: folders of the nodes to judge.
        cache: folder that mypy keeps its cache in between runs; without it each run reads
            omnibase_core anew, which takes half a minute.
        timeout: seconds that each judge may take; one that takes longer rejects every node.

    Returns:
        Slug -> one check a judge; under the empty slug what concerns no single node.
    """
    staging = Staging(root.resolve(), package, tuple(slugs), cache, timeout)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="nodewright-judge") as judges:
        verdicts = list(judges.map(lambda entry: _verdict(staging, *entry), JUDGES.items()))
    return {
        slug: tuple(verdict[slug] for verdict in verdicts) for slug in (PACKAGE, *staging.slugs)
    }


def _verdict(
    staging: Staging, name: str, search: Callable[[Staging], Findings]
) -> dict[str, Check]:
    findings: Findings = {}
    overall = judge(name, lambda: findings.update(search(staging)))
    keys = (PACKAGE, *staging.slugs)
    if not overall.passed:
        return dict.fromkeys(keys, overall)
    seconds = overall.seconds / len(keys)
    return {
        key: Check(name, key not in findings, brief("\n".join(findings.get(key, []))), seconds)
        for key in keys
    }


def _types(staging: Staging) -> Findings:
    with TemporaryFolder() as scratch:
        cache = str(staging.cache or scratch)
        command = ["-m", "mypy", "--strict", "--output", "json", "--cache-dir", cache, "src"]
        answer = staging.python(*command)
    if answer.code not in {0, 1}:
        raise Rejected(f"mypy failed: {answer.errors or answer.output}")
    entries = [orjson.loads(line) for line in answer.output.splitlines() if line.startswith("{")]
    lines = [
        f"{entry['file']}:{entry['line']}: {entry['message']} [{entry['code']}]"
        for entry in entries
        if entry["severity"] == "error"
    ]
    return _by_node(lines, staging.slugs)


def types_of(root: Path, path: str, *, cache: Path | None, timeout: float = 120.0) -> str:
    """What mypy says of one file of the package staged in ``root``; empty where it is right."""
    staging = Staging(root.resolve(), "", (), cache, timeout)
    command = ["-m", "mypy", "--strict", "--output", "json", "--follow-imports", "silent"]
    command += ["--cache-dir", str(cache or os.devnull), path]
    answer = staging.python(*command)
    if answer.code not in {0, 1}:
        raise Rejected(f"mypy failed: {answer.errors or answer.output}")
    entries = [orjson.loads(line) for line in answer.output.splitlines() if line.startswith("{")]
    return "; ".join(
        f"line {entry['line']}: {entry['message']} [{entry['code']}]"
        for entry in entries
        if entry["severity"] == "error"
    )


def _conventions(staging: Staging) -> Findings:
    answer = _validate(staging, "src")
    if answer.code == 0:
        return {}
    findings = _by_node(_dashed(answer.output), staging.slugs)
    if not findings:
        # It allows a hundred unions a folder, right ones too: a package is more than one folder.
        answer = _validate(staging, *_folders(staging))
        if answer.code == 0:
            return {}
        findings = _by_node(_dashed(answer.output), staging.slugs)
    # The command shows five findings a rule; nodes that it did not name are asked for alone.
    if "... and " in answer.output:
        for slug in set(staging.slugs) - set(findings):
            alone = _validate(staging, f"src/{staging.package}/nodes/{slug}")
            if alone.code != 0:
                findings[slug] = list(_dashed(alone.output)) or [alone.output]
    return findings or {PACKAGE: [answer.output or answer.errors]}


def _folders(staging: Staging) -> list[str]:
    """The folders of the nodes, and those that the nodes share."""
    package = staging.root / "src" / staging.package
    shared = [path for path in package.iterdir() if path.is_dir() and path.name != "nodes"]
    nodes = [package / "nodes" / slug for slug in staging.slugs]
    return [str(path.relative_to(staging.root)) for path in sorted([*shared, *nodes])]


def _validate(staging: Staging, *folders: str) -> Answer:
    return staging.python("-c", _ONEX, "--verbose", "validate", "--strict", *folders)


def _compliance(staging: Staging) -> Findings:
    with TemporaryFolder() as scratch:
        report = Path(scratch) / "report.yaml"
        command = ("compliance", "check", "--repo-root", ".", "--output", str(report))
        answer = staging.python("-c", _ONEX, *command)
        if not report.exists():
            raise Rejected(f"onex compliance check failed: {answer.output}{answer.errors}")
        results = yaml.safe_load(report.read_bytes())["results"]
    seen = {Path(result["contract_path"]).parent.name: result for result in results}
    findings = {
        slug: [f"failed checks: {', '.join(result['checks_failed'])}"]
        for slug, result in seen.items()
        if not result["passed"]
    }
    missing = {slug: ["the contract was not found"] for slug in staging.slugs if slug not in seen}
    return findings | missing


def _purity(staging: Staging) -> Findings:
    return _lines(staging, "omnibase_core.validation.validator_node_purity")


def _lifecycle(staging: Staging) -> Findings:
    return _lines(staging, "omnibase_core.validators.no_noncanonical_lifecycle_classes")


def _lines(staging: Staging, module: str) -> Findings:
    answer = staging.python("-m", module, "src")
    if answer.code == 0:
        return {}
    text = answer.output + answer.errors
    lines = [line.strip() for line in text.splitlines() if re.search(r"\.py:\d+:", line)]
    return _by_node(lines, staging.slugs) or {PACKAGE: [text]}


def _tests(staging: Staging) -> Findings:
    findings = _run_tests(staging, ["tests"], staging.slugs)
    if findings is not None:
        return findings
    # A test ended the process: find out whose, one node at a time.
    findings = {}
    for slug in staging.slugs:
        alone = _run_tests(staging, [f"tests/test_{slug}.py"], (slug,))
        if alone is None:
            findings[slug] = ["the test ended its process"]
        else:
            findings.update(alone)
    return findings or {PACKAGE: ["a test of the package ended its process"]}


def _run_tests(
    staging: Staging, targets: Collection[str], slugs: Collection[str]
) -> Findings | None:
    with TemporaryFolder() as scratch:
        report = Path(scratch) / "junit.xml"
        options = [
            "-q",
            "--continue-on-collection-errors",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
            "--rootdir=.",
        ]
        answer = staging.python("-B", "-m", "pytest", *options, *targets)
        if not report.exists():
            return None
        suite = ET.parse(report)  # noqa: S314 - written by our own pytest
    findings: Findings = {}
    passed = set()
    for case in suite.iter("testcase"):
        where = f"{case.get('classname') or ''}.{case.get('name') or ''}"
        node = node_of(Path(*where.split(".")), {f"test_{slug}": slug for slug in slugs})
        node = node.removeprefix("test_")
        wrong = case.find("failure") if case.find("failure") is not None else case.find("error")
        if wrong is None:
            passed.add(node)
        else:
            findings.setdefault(node, []).append(f"{where}: {wrong.get('message') or wrong.text}")
    for slug in slugs:
        told = (staging.root / f"tests/test_{slug}.py").exists()
        if told and slug not in passed and slug not in findings:
            findings[slug] = [f"tests/test_{slug}.py has no passing test"]
    if answer.code not in {0, 1, 2, 5}:
        raise Rejected(f"pytest failed: {answer.output}{answer.errors}")
    return findings


def _dashed(output: str) -> Iterator[str]:
    """Findings of ``onex --verbose validate``: lines such as ``- path: reason``."""
    for line in output.splitlines():
        if line.lstrip().startswith("- "):
            yield line.strip().removeprefix("- ")


def _by_node(lines: Iterable[str], slugs: Collection[str]) -> Findings:
    findings: Findings = {}
    for line in lines:
        node = node_of(Path(line.split(":", 1)[0]), slugs)
        findings.setdefault(node, []).append(line)
    return findings


# The command's own entry point; the script may not be on the PATH.
_ONEX = "from omnibase_core.cli.cli_commands import cli; cli(prog_name='onex')"

JUDGES: dict[str, Callable[[Staging], Findings]] = {
    "mypy": _types,
    "tests": _tests,
    "onex_validate": _conventions,
    "onex_compliance": _compliance,
    "purity": _purity,
    "lifecycle": _lifecycle,
}
