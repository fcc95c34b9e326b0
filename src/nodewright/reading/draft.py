"""A specification in the making: what the passes of reading add to, one after the other."""

from dataclasses import dataclass, replace
from dataclasses import field as made

from nodewright.language.lexicon import stems
from nodewright.prd.clauses import Clause, Document
from nodewright.spec.model import (
    ClauseNote,
    Entity,
    Event,
    Field,
    Machine,
    Operation,
    Port,
    Quality,
    Specification,
    State,
    Store,
)


@dataclass(slots=True)
class Draft:
    """What was read so far.

    A pass looks at ``document`` and what earlier passes found, and adds elements under their names.
    Every element names its clauses. ``open`` and ``context`` map clause id -> reason; a clause that
    neither an element nor one of these names is open as "not understood" in the end. A clause that
    an element reads only in part is named in ``open`` as well, with what is missing. ``done`` are
    demands (clause id, text) that became an operation. ``understood`` maps clause id -> stems of
    the words that passes accounted for; what is left over is open. ``implied`` are fields (entity,
    name) that an operation needs and the text does not list.
    """

    document: Document
    package: str = ""
    entities: dict[str, Entity] = made(default_factory=dict)
    machines: dict[str, Machine] = made(default_factory=dict)
    ports: dict[str, Port] = made(default_factory=dict)
    events: dict[str, Event] = made(default_factory=dict)
    stores: list[Store] = made(default_factory=list)
    operations: dict[str, Operation] = made(default_factory=dict)
    qualities: list[Quality] = made(default_factory=list)
    open: dict[str, str] = made(default_factory=dict)
    context: dict[str, str] = made(default_factory=dict)
    read: set[str] = made(default_factory=set)
    done: set[tuple[str, str]] = made(default_factory=set)
    understood: dict[str, set[str]] = made(default_factory=dict)
    implied: set[tuple[str, str]] = made(default_factory=set)
    _texts: dict[str, str] = made(default_factory=dict, repr=False)

    def text(self, clause: str) -> str:
        """The text of a clause by its id."""
        if not self._texts:
            self._texts.update((each.id, each.text) for each in self.document.clauses)
        return self._texts.get(clause, "")

    def unread(self) -> list[Clause]:
        """Clauses of this release that no pass has taken yet."""
        return [
            clause
            for clause in self.document.clauses
            if not clause.context and clause.id not in self.read | self.context.keys()
        ]

    def take(self, *clauses: Clause) -> tuple[str, ...]:
        """Mark clauses as read by an element; returns their ids for the element."""
        ids = tuple(clause.id for clause in clauses)
        self.read.update(ids)
        return ids

    def understand(self, clause: Clause, *phrases: str) -> None:
        """Account for the words of ``phrases`` in a clause that is read word by word."""
        words = self.understood.setdefault(clause.id, set())
        for phrase in phrases:
            words.update(stems(phrase))

    def imply(self, entity: Entity, field: Field) -> Entity:
        """Give ``entity`` a field that an operation needs; the entity as it is then."""
        current = self.entities.get(entity.name, entity)
        if current.field(field.name) is not None:
            return current
        self.implied.add((entity.name, field.name))
        changed = replace(current, fields=(*current.fields, field))
        self.entities[entity.name] = changed
        return changed

    def change(self, operation: Operation) -> None:
        """Put ``operation`` in the place of the one of its name."""
        self.operations[operation.name] = operation

    def specification(self) -> Specification:
        """What was read, with what became of each clause."""
        document = self.document
        return Specification(
            title=document.product or document.title,
            package=self.package,
            clauses=tuple(self._note(clause) for clause in document.clauses),
            entities=tuple(self.entities.values()),
            machines=tuple(self.machines.values()),
            ports=tuple(self.ports.values()),
            events=tuple(self.events.values()),
            stores=tuple(self.stores),
            operations=tuple(self.operations.values()),
            qualities=tuple(self.qualities),
        )

    def _note(self, clause: Clause) -> ClauseNote:
        note = ClauseNote(
            id=clause.id,
            requirement=clause.requirement,
            line=clause.line,
            text=clause.text,
            state=State.OPEN,
            reason="not understood",
        )
        if clause.id in self.open:
            return replace(note, reason=self.open[clause.id])
        if clause.id in self.read:
            return replace(note, state=State.READ, reason="")
        if clause.context:
            return replace(note, state=State.CONTEXT, reason=clause.context)
        if clause.id in self.context:
            return replace(note, state=State.CONTEXT, reason=self.context[clause.id])
        return note
