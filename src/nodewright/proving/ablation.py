"""Real ablation: a package that is compiled without a clause must fail the clause's tests."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import orjson

from nodewright import processes
from nodewright.planning.plan import plan_specification
from nodewright.proving import ablated_tests
from nodewright.proving.commands import ask
from nodewright.proving.model import ClauseProof
from nodewright.proving.scratch import TemporaryFolder
from nodewright.proving.verdict import Rejected
from nodewright.rendering.files import render_node, render_package
from nodewright.rendering.model import RenderedFile
from nodewright.spec.model import Specification
from nodewright.templates import TemplatePack

PASSES = "its test passes without it"
BROKEN = "its test could not be run without it: {0}"


def ablate(
    proofs: Sequence[ClauseProof],
    tests: RenderedFile,
    bare: Mapping[str, Specification],
    pack: TemplatePack,
    timeout: float = 120.0,
) -> tuple[ClauseProof, ...]:
    """``proofs``, where a clause is not proven whose test passes without it.

    The tests have to pass with all clauses first. For each clause the specification without it is
    compiled anew, and the acceptance tests of the clause are run against that, in a process of
    their own.

    Args:
        proofs: what was found of the clauses of one node.
        tests: the node's acceptance tests.
        bare: clause -> the specification without it; under the empty text the whole one.
        pack: the templates.
        timeout: seconds that all tests may take.
    """
    proven = [proof.clause for proof in proofs if proof.proven]
    try:
        reasons = _reasons(proven, tests, bare, pack, timeout) if proven else {}
    except Rejected as refusal:
        reasons = dict.fromkeys(proven, BROKEN.format(refusal))
    return tuple(
        ClauseProof(proof.clause, proven=False, reason=reasons[proof.clause])
        if reasons.get(proof.clause)
        else proof
        for proof in proofs
    )


def as_ablated(
    proofs: Sequence[ClauseProof], earlier: Sequence[ClauseProof]
) -> tuple[ClauseProof, ...]:
    """``proofs`` of a node as the user edited it, with what ablation found of it ``earlier``.

    Ablation judges the tests, which do not depend on what the user made of the handlers.
    """
    dull = {
        proof.clause: proof
        for proof in earlier
        if not proof.proven and proof.reason.startswith((PASSES, BROKEN.partition("{")[0]))
    }
    return tuple(dull.get(proof.clause, proof) for proof in proofs)


def _reasons(
    clauses: Sequence[str],
    tests: RenderedFile,
    bare: Mapping[str, Specification],
    pack: TemplatePack,
    timeout: float,
) -> dict[str, str]:
    """Clause -> why it is not proven; empty where its tests fail without it."""
    clauses = ["", *clauses]
    with TemporaryFolder() as scratch:
        root = Path(scratch).resolve()
        for number, clause in enumerate(clauses):
            _stage(root / str(number), [*_compiled(bare[clause], pack), tests])
        command = processes.python("-W", "ignore", ablated_tests.__file__, tests.path, *clauses)
        answer = ask(command, root, processes.environment(), timeout)
    if answer.code != 0:
        raise Rejected(answer.errors.strip()[-300:] or f"it ended with {answer.code}")
    verdicts = [orjson.loads(line) for line in answer.output.splitlines() if line.startswith("{")]
    if not any(
        each["clause"] == "" and not each["failed"] + bool(each["broken"]) for each in verdicts
    ):
        raise Rejected("they fail with all clauses too")
    reasons = {each["clause"]: _reason(each["failed"], each["broken"]) for each in verdicts}
    missing = BROKEN.format("it said nothing")
    return {clause: reasons.get(clause, missing) for clause in clauses}


def _compiled(specification: Specification, pack: TemplatePack) -> Iterator[RenderedFile]:
    """The whole package of a specification."""
    plan = plan_specification(specification)
    yield from render_package(plan, pack)
    for node in plan.nodes:
        yield from render_node(plan, node, pack)


def _reason(failed: int, broken: str) -> str:
    if broken:
        return BROKEN.format(broken)
    return "" if failed else PASSES


def _stage(root: Path, files: Sequence[RenderedFile]) -> None:
    for file in files:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content.encode())
