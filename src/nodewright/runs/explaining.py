"""Why a clause became what it is: what it demands, what was read of it, which node does it."""

from collections.abc import Iterable
from dataclasses import dataclass

from nodewright.planning.homes import homes_of
from nodewright.planning.plan import Plan
from nodewright.prd.clauses import Document
from nodewright.prd.models import SimplePRDAnalysisResult
from nodewright.reading.demands import Demand, demands_of
from nodewright.spec.model import Assign, ClauseNote, Element, Input, Specification, Step
from nodewright.spec.paraphrase import sentences
from nodewright.spec.tree import at


@dataclass(frozen=True, slots=True)
class Meant:
    """An element of the specification in a sentence, and what was assumed for it.

    ``detail`` says that the sentence of the operation around it says as much in short.
    """

    sentence: str
    assumed: str = ""
    detail: bool = False


@dataclass(frozen=True, slots=True)
class ExplainedClause:
    """A clause with its demands in a line each, its elements, and the node that answers for it."""

    note: ClauseNote
    demands: tuple[str, ...] = ()
    elements: tuple[Meant, ...] = ()
    node: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Understanding:
    """All that is understood of a document; the kinds are those of the plan."""

    analysis: SimplePRDAnalysisResult
    specification: Specification
    clauses: tuple[ExplainedClause, ...]
    kinds: dict[str, str]

    def named(self, name: str) -> tuple[ExplainedClause, ...]:
        """The clauses of a requirement, or the clause, of that name."""
        wanted = name.casefold()
        return tuple(
            each
            for each in self.clauses
            if wanted and wanted in {each.note.requirement.casefold(), each.note.id.casefold()}
        )


def explained(document: Document, plan: Plan) -> tuple[ExplainedClause, ...]:
    """Every clause of a document, in its order."""
    specification = plan.specification
    homes = homes_of(plan)
    nodes = {node.slug: node for node in plan.nodes}
    demands = {clause.id: tuple(map(_told, demands_of(clause))) for clause in document.clauses}
    meant: dict[str, list[Meant]] = {}
    for path, sentence in sentences(specification):
        element = at(specification, path)
        if isinstance(element, Assign):
            continue  # the sentence of the element around it says it
        detail = isinstance(element, Input | Step) and not element.assumed
        for clause in _origins(element):
            meant.setdefault(clause, []).append(Meant(sentence, element.assumed, detail))
    found = []
    for note in specification.clauses:
        node = nodes.get(homes.get(note.id, ""))
        found.append(
            ExplainedClause(
                note,
                demands.get(note.id, ()),
                tuple(dict.fromkeys(meant.get(note.id, ()))),
                node.class_name if node else "",
                node.kind if node else "",
            )
        )
    return tuple(found)


def kinds_of(plan: Plan) -> dict[str, str]:
    """Requirement -> the kinds of the nodes that it became."""
    kinds: dict[str, dict[str, None]] = {}
    for node in plan.nodes:
        for trace in node.traces:
            kinds.setdefault(trace.requirement, {})[node.kind] = None
    return {requirement: ", ".join(found) for requirement, found in kinds.items()}


def _origins(element: Element) -> Iterable[str]:
    return dict.fromkeys((*element.clauses, *(clause for _, clause in element.parts)))


def _told(demand: Demand) -> str:
    """A demand in a line: ``list: the tickets; of a visitor; newest first``."""
    verb = f"not {demand.verb}" if demand.negated else demand.verb
    parts = [f"{verb}: {demand.object}" if demand.object else verb]
    parts += [f"{mark} {phrase}".strip() for mark, phrase in demand.complements]
    parts += [f"{each.kind}: {each.text}" for each in demand.conditions]
    parts += [f"by {demand.actor}"] if demand.actor else []
    return "; ".join(parts)
