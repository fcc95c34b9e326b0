"""From a document to its specification: the passes, in their order."""

from collections.abc import Callable

from nodewright.language.lexicon import stems, stems_of, tokens
from nodewright.prd.clauses import Clause, ClauseForm, Document
from nodewright.prd.models import Scope
from nodewright.reading.checks import read_checks
from nodewright.reading.classes import read_classes
from nodewright.reading.conversions import read_conversions
from nodewright.reading.data_checks import with_data_checks
from nodewright.reading.data_passes import read_data
from nodewright.reading.demands import Demand, begins_with_demand, filler_stems, said_in
from nodewright.reading.draft import Draft
from nodewright.reading.events import read_events
from nodewright.reading.figures import read_figures
from nodewright.reading.files import read_files
from nodewright.reading.follow_ups import read_follow_ups
from nodewright.reading.formulas import read_formulas
from nodewright.reading.guards import read_guards
from nodewright.reading.keeping import read_kept
from nodewright.reading.keys import read_keys
from nodewright.reading.messages import read_messages
from nodewright.reading.moves import read_moves
from nodewright.reading.qualities import read_qualities
from nodewright.reading.records import read_records
from nodewright.reading.refusals import read_refusals
from nodewright.reading.registers import read_registers
from nodewright.reading.remarks import TELLING, read_remarks
from nodewright.reading.routes import read_routes
from nodewright.reading.settling import settled
from nodewright.reading.steps import demands_in, settle_steps, settle_stories
from nodewright.reading.surroundings import read_access, read_limits, read_schedules, read_stores
from nodewright.reading.tables import read_tables
from nodewright.reading.workflows import read_workflows
from nodewright.spec.model import Entity, Field, Rule, Specification
from nodewright.spec.tree import elements

OPERATION_PASSES: tuple[Callable[[Draft, list[Demand]], None], ...] = (
    read_figures,
    read_registers,
    read_formulas,
    read_conversions,
    read_classes,
    read_checks,
    read_files,
    read_tables,
    read_kept,
    read_records,
    read_moves,
    read_routes,
    read_guards,
    read_refusals,
    read_follow_ups,
    read_messages,
    read_events,
    read_workflows,
    read_schedules,
    read_access,
    read_limits,
    read_stores,
    read_qualities,
)


def read_document(document: Document, package: str = "") -> Specification:
    """What a document means, with what became of each of its clauses."""
    draft = Draft(document, package)
    read_data(draft)
    read_keys(draft)
    demands = list(demands_in(_asking(draft)))
    for read in OPERATION_PASSES:
        read(draft, demands)
    settle_steps(draft)
    settle_work(draft, demands)
    settle(draft)
    read_remarks(draft)
    settle_stories(draft)
    specification = settled(draft.specification(), frozenset(draft.implied))
    return with_data_checks(specification, document.clauses)


def _asking(draft: Draft) -> list[Clause]:
    """Clauses that may demand that something is done: no titles, no mere fields."""
    told = _told(draft)
    return [
        clause
        for clause in draft.document.clauses
        if clause.scope is Scope.RELEASE
        and clause.id not in draft.context
        and not (_is_title(clause) and clause.requirement in told)
        and clause.role not in TELLING
        and (clause.requirement or clause.step or begins_with_demand(said_in(clause)))
        and not (clause.id in draft.read and not _asks_besides(clause))
    ]


def _asks_besides(clause: Clause) -> bool:
    """Whether a clause that names data also demands something: "validate readings: value ..."."""
    said = said_in(clause)
    _, colon, rest = said.partition(": ")
    return bool(clause.requirement) and (
        begins_with_demand(said) or (bool(colon) and begins_with_demand(rest))
    )


def _told(draft: Draft) -> set[str]:
    """Requirements that say more than their title."""
    return {clause.requirement for clause in draft.document.clauses if not _is_title(clause)}


def settle_work(draft: Draft, demands: list[Demand]) -> None:
    """Open clauses of which only the data was read, where they ask for work on it.

    "Compute order parameters (side, size)" names fields, and asks for more than them.
    """
    named = {
        clause
        for group in (draft.operations, draft.entities)
        for owner in group.values()
        for path, element in elements(owner)
        if not isinstance(element, Field | Entity | Rule)
        for clause in element.clauses
    }
    for demand in demands:
        clause = demand.clause
        asked = clause.requirement and any(map(demand.asks, _WORK)) and not demand.passive
        if not asked or demand.negated or clause.id not in draft.read or clause.id in named:
            continue
        draft.open.setdefault(clause.id, f"not understood: {demand.verb} {demand.object}"[:120])


_WORK = ("create", "update", "delete", "list", "compute", "aggregate", "check", "send", "publish",
         "import", "export", "run")  # fmt: skip


def settle(draft: Draft) -> None:
    """Name what is left over of clauses that were read word by word."""
    told = _told(draft)
    for clause in draft.document.clauses:
        if _is_title(clause) and clause.id not in draft.read and clause.requirement in told:
            draft.context.setdefault(clause.id, "a title")
        known = draft.understood.get(clause.id)
        if known is None or clause.id in draft.open:
            continue
        words = tokens(said_in(clause))
        known = known | set(stems(_label_of(clause)))
        left = [
            word
            for word, stem in zip(words, stems_of(words), strict=True)
            if stem[:1].isalnum() and stem not in known and stem not in filler_stems()
        ]
        if left:
            draft.open[clause.id] = f"not understood: {' '.join(left)[:120]}"


def _label_of(clause: Clause) -> str:
    """A label that only names what follows: "Outlier filtering: remove ..."."""
    label, colon, rest = said_in(clause).partition(": ")
    titled = bool(colon) and len(label.split()) <= _LONGEST_LABEL and label[:1].isupper()
    return label if titled and begins_with_demand(rest) else ""


_LONGEST_LABEL = 6


def _is_title(clause: Clause) -> bool:
    return clause.form is ClauseForm.HEADING
