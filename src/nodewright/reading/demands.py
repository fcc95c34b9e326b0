"""What a clause demands, taken apart: who, verb, object, complements, conditions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nodewright.language.verb_forms import is_noun_as_well, verb_in, verb_of_noun
from nodewright.language.word_lists import stems_of_list, words_of_list
from nodewright.prd.clauses import Clause, ClauseForm
from nodewright.reading.frames import (
    PURPOSE,
    Condition,
    Frame,
    begins_with_demand,
    frame_of,
)
from nodewright.reading.ordering import without_ordering
from nodewright.reading.phrases import ARTICLE, WORD, bare, complements_of, phrases_of

__all__ = [
    "PURPOSE",
    "Condition",
    "Demand",
    "begins_with_demand",
    "demands_of",
    "filler_stems",
    "said_in",
    "words_of",
]


@dataclass(frozen=True, slots=True)
class Demand:
    """One verb with what belongs to it.

    ``object`` is the phrase that is acted on; ``complements`` are (preposition, phrase) pairs in
    their order; marks besides prepositions are ``every``, ``that`` and words such as "sorted by".
    ``details`` is what follows a colon. ``actor`` is who may ask or does it. ``negated``: it must
    not be done. ``asides`` are what stood in parentheses. ``only``: to nothing but the object.
    ``passive``: the text says "is done" and may only tell of the past.
    """

    clause: Clause
    verb: str
    object: str
    complements: tuple[tuple[str, str], ...] = ()
    conditions: tuple[Condition, ...] = ()
    actor: str = ""
    negated: bool = False
    text: str = ""
    details: str = ""
    passive: bool = False
    only: bool = False
    label: str = ""
    asides: tuple[str, ...] = ()

    def complement(self, *prepositions: str) -> str:
        """The phrase after the first of ``prepositions``, empty where there is none."""
        return next((text for mark, text in self.complements if mark in prepositions), "")

    def asks(self, construct: str) -> bool:
        """Whether its verb is one of a construct of ``data/demands.yaml``."""
        return self.verb in words_of(construct)


def words_of(name: str) -> frozenset[str]:
    """A list of words of ``data/demands.yaml``."""
    return words_of_list("demands", name)


def filler_stems() -> frozenset[str]:
    """Stems of words that a demand may hold without meaning anything by them."""
    return stems_of_list("demands", "filler")


_SENTENCES = re.compile(
    r";\s+(?=when|if|unless|otherwise|the system|it must|they must)", re.IGNORECASE
)
_STATUS = re.compile(r"^(?:\[[ xX]\]\s*)?(?:\(?P\d\)?:?\s+)?")
_ID = re.compile(r"^[A-Z]{1,8}-?\d{1,4}(?:\.\d{1,3}){0,3}[:.)]?\s+(?=[A-Z])")
_PASSIVE = re.compile(
    r"(?P<object>[^,;:]{2,80}?)(?<!that)(?<!which)(?<!who)\s+(?:is|are|be|gets?|was|were)\s+(?P<not>not\s+|never\s+)?"
    r"(?:(?:automatically|immediately|then|only|always|also)\s+)?(?P<verb>\w+)\b(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_PARTICIPLE = re.compile(
    r"(?:\w+(?:ed|en|ent|ept|old|ade|uilt|ought|aught|aid|ound|ung|own|orn)|put|set|read|cut|"
    r"shut|run|split|hidden|met|lost|left|hit|kept)",
    re.IGNORECASE,
)
_NOUN_OF_ACTION = re.compile(
    r"(?:the\s+)?(?:(?:automatic|manual|bulk|batch|regular|scheduled|quick|full|real-time)\s+)?"
    r"(?P<noun>\w+)\s+of\s+(?P<object>.+)",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"\bhow many\s+(?P<what>\w+)(?:\s+(?:are|were|is|have been)\s+(?P<state>\w+))?", re.IGNORECASE
)


def _number_of(found: re.Match[str]) -> str:
    """As in "how many stays are open": the number of open stays."""
    return f"number of {found['state'] or ''} {found['what']}".replace("  ", " ")


_POSSESSIVE = re.compile(
    r"(?:\b(?:an?|the|each|every)\s+)?\b(?P<owner>\w+)['’]s\s+(?P<what>(?:(?!to\b|by\b|in\b)[\w-]+\s?){1,4}(?<!\s))",
    re.IGNORECASE,
)
_CRUD = re.compile(
    r"\bCRUD(?:\s+(?:operations?|actions?|functions?|functionality|interface|management))?"
    r"(?:\s+(?:for|on|of|over))?\s+(?P<what>.+)",
    re.IGNORECASE,
)
_BEFORE_CRUD = re.compile(r"(?P<what>[\w -]{2,40}?)\s+CRUD\b", re.IGNORECASE)
_ALL_OF_CRUD = ("create", "read", "update", "delete", "list")


def demands_of(clause: Clause, conditions: Sequence[Condition] = ()) -> tuple[Demand, ...]:
    """The demands of a clause; none where it has no verb that is known.

    ``conditions`` are those of the steps before it in its scenario.
    """
    found: list[Demand] = []
    for sentence in _SENTENCES.split(said_in(clause)):
        frame = frame_of(sentence, step=clause.step == "then")
        frame.conditions += conditions
        found += _with_shared_objects(_demands(clause, frame))
    return tuple(found)


def said_in(clause: Clause) -> str:
    """The text of a clause on one line; of a table row the cell that says most."""
    text = clause.text
    if clause.form is ClauseForm.ROW and clause.cells:
        text = max((cell for _, cell in clause.cells), key=len)
    return _ID.sub("", _STATUS.sub("", " ".join(text.split())))


def _demands(clause: Clause, frame: Frame) -> list[Demand]:
    crud = list(_crud(clause, frame))
    if crud:
        return crud
    made = (_demand(clause, frame, text) for text in phrases_of(frame.main))
    found = [demand for demand in made if demand is not None]
    if found and frame.details:
        found[-1] = replace(found[-1], details=frame.details)
    return found


def _base(clause: Clause, frame: Frame, text: str) -> Demand:
    return Demand(
        clause,
        "",
        "",
        conditions=tuple(frame.conditions),
        actor=bare(frame.actor),
        negated=frame.negated,
        only=frame.only,
        text=text,
        label=frame.label,
        asides=frame.asides,
    )


def _crud(clause: Clause, frame: Frame) -> Iterator[Demand]:
    """The five demands of "CRUD operations for dishes"."""
    found = _CRUD.search(frame.main) or _BEFORE_CRUD.match(frame.main)
    if found is None:
        return
    phrase, complements = complements_of(found["what"].strip())
    for verb in _ALL_OF_CRUD:
        yield replace(
            _base(clause, frame, f"{verb}: {frame.main}"),
            verb=verb,
            object=bare(phrase),
            complements=complements,
        )


def _demand(clause: Clause, frame: Frame, text: str) -> Demand | None:
    base = _base(clause, frame, text)
    text = _HOW_MANY.sub(_number_of, text)
    text = _POSSESSIVE.sub(r"\g<what> of \g<owner>", without_ordering(text))
    words = WORD.findall(text[:200])
    if not words:
        return None
    passive = _passive(text, words[0], sure=frame.passive)
    if passive is not None:
        phrase, complements = complements_of(f"{passive['object']} {passive['rest']}".strip())
        return replace(
            base,
            verb=verb_in(passive["verb"].lower()) or "",
            object=bare(phrase),
            complements=complements,
            negated=base.negated or bool(passive["not"]),
            passive=True,
        )
    if frame.passive:
        return None  # "must be at least 0" asks for nothing to be done
    active = verb_in(words[0].lower())
    if active is not None and not _is_subject(words):
        rest = text[text.find(words[0]) + len(words[0]) :].strip()
        return _lighter(replace(base, verb=active), rest)
    return _with_subject(base, text, words) or _nominal(base, text)


def _passive(text: str, first: str, *, sure: bool) -> re.Match[str] | None:
    """The parts of "orders are shipped"; a leading verb makes it none unless it is a noun too."""
    found = _PASSIVE.match(text)
    if found is None or not _PARTICIPLE.fullmatch(found["verb"]):
        return None
    if verb_in(found["verb"].lower()) is None:
        return None
    leads = verb_in(first.lower()) is not None and not is_noun_as_well(first.lower())
    return found if sure or not leads else None


def _is_subject(words: list[str]) -> bool:
    """Whether the first word is a plural noun before a verb: "reports show ..."."""
    low = words[0].lower()
    if not (is_noun_as_well(low) and low.endswith("s")) or len(words) == 1:
        return False
    following = words[1].lower()
    return following in {"are", "have", "were", "do"} or (
        verb_in(following) == following and not is_noun_as_well(following)
    )


def _with_subject(base: Demand, text: str, words: list[str]) -> Demand | None:
    """A subject before a verb in the present tense: "the system stores orders"."""
    for place, word in enumerate(words[1:5], 1):
        verb = verb_in(word.lower())
        if verb and word.endswith("s") and not word.endswith("ss") and word.islower():
            if is_noun_as_well(word) and place + 1 < len(words) and words[place + 1] in _JOINTS:
                continue
            rest = text.split(word, 1)[1].strip()
            actor = base.actor or bare(" ".join(words[:place]))
            return _lighter(replace(base, verb=verb, actor=actor), rest)
    return None


_JOINTS = {"of", "for", "by", "per", "and", "or", "in", "with", "to", "from"}


def _lighter(demand: Demand, rest: str) -> Demand:
    """The demand behind a light verb: "supports the import of orders" is to import orders."""
    if demand.verb in words_of("light"):
        inner = _allowed(demand, rest) or _nominal(demand, rest)
        if inner is not None:
            return inner
    phrase, complements = complements_of(ARTICLE.sub("", rest))
    which = _WHICH.match(rest)
    if not phrase and which:
        phrase, complements = f"{which['state']} {which['what']}", ()
    return replace(demand, object=bare(phrase), complements=complements)


_WHICH = re.compile(
    r"(?:which|what)\s+(?P<what>[\w ]{2,40}?)\s+(?:is|are|were|was)\s+(?P<state>\w+)$",
    re.IGNORECASE,
)
_TO_DO = re.compile(
    r"(?P<actor>[\w\s-]{0,40}?)\b(?:to\s+(?P<verb>\w+)|(?P<gerund>\w+ing))\s+(?P<after>.+)",
    re.IGNORECASE,
)


def _allowed(demand: Demand, rest: str) -> Demand | None:
    """What is allowed: "lets users cancel", "must not allow deleting paid orders"."""
    found = _TO_DO.match(rest)
    if found is None or demand.verb not in words_of("letting"):
        return None
    verb = verb_in((found["verb"] or found["gerund"]).lower())
    if verb is None or (found["gerund"] and found["actor"].strip()):
        return None
    phrase, complements = complements_of(found["after"])
    actor = bare(found["actor"]) or demand.actor
    return replace(demand, verb=verb, object=bare(phrase), complements=complements, actor=actor)


def _gerund(word: str) -> str | None:
    return verb_in(word) if word.lower().endswith("ing") else None


def _nominal(demand: Demand, text: str) -> Demand | None:
    """The demand of a noun of action: "import of orders", "order import", "dish deletion"."""
    text = ARTICLE.sub("", text)
    of = _NOUN_OF_ACTION.match(text)
    if of and (verb := verb_of_noun(of["noun"]) or _gerund(of["noun"])):
        phrase, complements = complements_of(of["object"])
        return replace(demand, verb=verb, object=bare(phrase), complements=complements)
    phrase, complements = complements_of(text)
    words = WORD.findall(phrase)
    if len(words) >= _FEWEST and (verb := verb_of_noun(words[-1]) or _gerund(words[-1])):
        named = bare(" ".join(words[:-1]))
        return replace(demand, verb=verb, object=named, complements=complements)
    return None


_FEWEST = 2


def _with_shared_objects(demands: Sequence[Demand]) -> Iterator[Demand]:
    """Give verbs of a list the object of the last: "create, update and delete bookings"."""
    for number, demand in enumerate(demands):
        if demand.object or demand.complements:
            yield demand
            continue
        owner = next((later for later in demands[number + 1 :] if later.object), None)
        yield (
            replace(demand, object=owner.object, complements=owner.complements) if owner else demand
        )
