"""Which operation a trigger names: "when an appointment is created"."""

import re
from functools import lru_cache

from nodewright.language.verb_forms import verb_in
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of
from nodewright.reading.things import thing_done, thing_of
from nodewright.spec.model import Create, Move, OnEntity

_PASSIVE = re.compile(
    r"(?:an?|the|any|each)?\s*(?P<what>[\w -]{2,40}?)\s+(?:is|are|was|were|has been|have been|gets)"
    r"\s+(?:successfully\s+)?(?P<verb>\w+)",
    re.IGNORECASE,
)
_ACTIVE = re.compile(
    r"(?:an?|the|any|each)?\s*(?P<who>[\w-]{2,30})\s+(?P<verb>\w+)\s+(?:an?|the|its|their|his|her)\s+"
    r"(?P<what>[\w -]{2,40})",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?:an?|the|any|each)?\s*(?P<who>[\w-]{2,30})\s+(?P<verb>\w+)(?:\s+(?:it|them|one))?",
    re.IGNORECASE,
)


def operation_after(draft: Draft, condition: str) -> OnEntity | None:
    """The operation that ``condition`` names by its verb and the thing acted on."""
    bare = _BARE.fullmatch(condition.strip())
    verb = verb_in(bare["verb"].lower()) if bare else None
    made = thing_done(draft, verb) if verb else None
    if made is not None and verb is not None:
        return operation_by(draft, "create", made.entity.name, made.entity.name)
    for shape in (_PASSIVE, _ACTIVE):
        found = shape.match(condition)
        verb = verb_in(found["verb"].lower()) if found else None
        if found is None or verb is None:
            continue
        operation = operation_by(draft, verb, found["what"])
        if operation is not None:
            return operation
    return None


def operation_by(draft: Draft, verb: str, phrase: str, entity: str = "") -> OnEntity | None:
    """The operation that does ``verb`` to the thing of ``phrase``, or of ``entity`` where it is.

    A create is also meant by "place" and "make", and by what its own text says happens: "a visitor
    reserves a seat" where seat is a field and a clause of the create says "reserves".
    """
    thing = thing_of(draft, phrase)
    wanted = thing.entity.name if thing else entity
    made = thing_done(draft, verb)
    if made is not None and made.entity.name != wanted:
        creates = [
            each
            for each in draft.operations.values()
            if isinstance(each, Create) and each.entity == made.entity.name
        ]
        if creates:
            return creates[0]
    operations = [each for each in draft.operations.values() if isinstance(each, OnEntity)]
    near = [each for each in operations if not wanted or each.entity == wanted]
    if not wanted:
        near = [each for each in operations if field_of(draft.entities[each.entity], phrase)]
    for operation in near:
        own = operation.name.split("_", 1)[0]
        if verb in {own, verb_in(own)}:
            return operation
    for operation in near:
        said = isinstance(operation, Create | Move) and _says(draft, operation, verb)
        if said or (isinstance(operation, Create) and verb in _MAKING):
            return operation
    return None


_MAKING = {
    "create",
    "make",
    "place",
    "add",
    "submit",
    "register",
    "record",
    "store",
    "take",
    "save",
}


def _says(draft: Draft, operation: OnEntity, verb: str) -> bool:
    """Whether a clause of the operation has the verb in any form; the first clauses tell."""
    texts = (draft.text(clause) for clause in operation.clauses[:_TELLING])
    return any(verb in _verbs_of(text) for text in texts)


_TELLING = 8


@lru_cache(maxsize=1024)
def _verbs_of(text: str) -> frozenset[str | None]:
    return frozenset(verb_in(word.lower()) for word in re.findall(r"\w+", text))
