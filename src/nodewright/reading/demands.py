"""What a clause demands, taken apart: who, verb, object, complements, conditions.

A shallow grammar is enough, because requirements are written in few forms: "the system shall ...",
user stories, "when ... then ...", passives, imperatives, "supports the import of orders".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from nodewright.language.lexicon import stems
from nodewright.language.verb_forms import verb_in, verb_of_noun
from nodewright.language.vocabulary import load_data
from nodewright.prd.clauses import Clause, ClauseForm


@dataclass(frozen=True, slots=True)
class Condition:
    """When a demand holds. ``kind``: ``trigger`` (a moment), ``guard`` (must hold), ``barrier``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Demand:
    """One verb with what belongs to it.

    ``object`` is the phrase that is acted on; ``complements`` are (preposition, phrase) pairs in
    their order; marks besides prepositions are ``every``, ``that`` and words such as "sorted by".
    ``details`` is what follows a colon. ``actor`` is who may ask or does it. ``negated``: it must
    not be done. ``passive``: the text says "is done" and may only tell of the past.
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

    def complement(self, *prepositions: str) -> str:
        """The phrase after the first of ``prepositions``, empty where there is none."""
        return next((text for mark, text in self.complements if mark in prepositions), "")

    def asks(self, construct: str) -> bool:
        """Whether its verb is one of a construct of ``data/demands.yaml``."""
        return self.verb in words_of(construct)


@cache
def words_of(name: str) -> frozenset[str]:
    """A list of words of ``data/demands.yaml``."""
    return frozenset(load_data("demands")[name])


@cache
def filler_stems() -> frozenset[str]:
    """Stems of words that a demand may hold without meaning anything by them."""
    return frozenset(stem for word in words_of("filler") for stem in stems(word))


_STORY = re.compile(
    r"as an? (?P<actor>[^,.]{1,80}?),?\s+i (?:want|need|would like|wish|can)(?: to)?(?: be able to)?\s+"
    r"(?P<main>.+)",
    re.IGNORECASE | re.DOTALL,
)
PURPOSE = re.compile(
    r",?\s+(?:so that|in order to|so they|so i|to ensure|to prevent)\b.*", re.IGNORECASE | re.DOTALL
)
_MODAL = re.compile(
    r"\b(?P<modal>shall|must|should|will|can|may|needs? to|has to|have to)\b"
    r"(?P<not>\s+(?:not|never)\b|n't\b|not\b)?\s*(?P<main>.+)",
    re.IGNORECASE | re.DOTALL,
)
_LEAD = re.compile(
    r"(?:be able to|also|automatically|only|immediately|be allowed to|always)\s+", re.IGNORECASE
)
_LET = re.compile(
    r"(?:allow|enable|let|permit|help)s?\s+(?P<actor>[\w\s-]{1,40}?)\s+to\s+(?P<main>.+)",
    re.IGNORECASE,
)
_EARS = re.compile(
    r"(?P<word>when|whenever|if|while|once|upon|where|unless|after)\s+(?P<condition>.+?)"
    r"(?:,?\s+then\s+|,\s*)(?P<main>.+)",
    re.IGNORECASE | re.DOTALL,
)
_LATER = re.compile(
    r",?\s+(?P<word>when|whenever|if|only if|only when|unless|once|as soon as|provided that|while|as long as)\s+"
    r"(?P<condition>.+)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?P<label>[A-Z][\w &/-]{1,50}?)\s*[:–—]\s+(?=\S)")
_PASSIVE = re.compile(
    r"(?P<object>[\w\s'/-]{2,80}?)\s+(?:is|are|be|gets?|was|were)\s+(?P<not>not\s+|never\s+)?"
    r"(?:automatically\s+|immediately\s+|then\s+)?(?P<verb>\w+(?:ed|en|ent|ept|old|ade|uilt))\b(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SPLIT = re.compile(
    r"(?:,\s*and\s+|\s+and\s+|,\s*then\s+|;\s*|,\s+|\s+or\s+|\s+then\s+)", re.IGNORECASE
)
_NOUN_OF_ACTION = re.compile(r"(?:the\s+)?(?P<noun>\w+)\s+of\s+(?P<object>.+)", re.IGNORECASE)
_ARTICLE = re.compile(
    r"^(?:the|an?|all|each|every|any|its|their|his|her|my|our|your)\s+", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_][\w'’./-]*[^\W_.]|[^\W_]")


@dataclass(slots=True)
class _Frame:
    """A clause on its way to demands."""

    main: str
    actor: str = ""
    negated: bool = False
    details: str = ""
    conditions: list[Condition] = field(default_factory=list)


def demands_of(clause: Clause) -> tuple[Demand, ...]:
    """The demands of a clause; none where it has no verb that is known."""
    found: list[Demand] = []
    for sentence in _SENTENCES.split(said_in(clause)):
        frame = _frame(sentence)
        found += _with_shared_objects(_demands(clause, frame))
    return tuple(found)


def said_in(clause: Clause) -> str:
    """The text of a clause on one line; of a table row the cell that says most."""
    text = clause.text
    if clause.form is ClauseForm.ROW and clause.cells:
        text = max((cell for _, cell in clause.cells), key=len)
    return _STATUS.sub("", " ".join(text.split()))


def _demands(clause: Clause, frame: "_Frame") -> list[Demand]:
    made = (_demand(clause, frame, text) for text in _phrases(frame.main))
    found = [demand for demand in made if demand is not None]
    if found and frame.details:
        found[-1] = replace(found[-1], details=frame.details)
    return found


_SENTENCES = re.compile(
    r";\s+(?=when|if|unless|otherwise|the system|it must|they must)", re.IGNORECASE
)
_STATUS = re.compile(r"^(?:\[[ xX]\]\s*)?(?:\(?P\d\)?:?\s+)?")


def _frame(text: str) -> _Frame:
    frame = _Frame(_GHERKIN.sub("", text.rstrip(" .;")))
    label = _LABEL.match(frame.main)
    if (
        label
        and not _MODAL.search(label[0])
        and not _leads_with_verb(label["label"])
        and begins_with_demand(frame.main[label.end() :])
    ):
        frame.main = frame.main[label.end() :]
    story = _STORY.match(frame.main)
    if story:
        frame.actor, frame.main = story["actor"], story["main"]
    frame.main = PURPOSE.sub("", frame.main)
    _take_conditions(frame)
    head, colon, details = frame.main.partition(": ")
    if colon and len(head.split()) >= _SHORTEST_HEAD:
        frame.main, frame.details = head, details.strip()
    modal = _MODAL.search(frame.main)
    if modal and len(frame.main[: modal.start()].split()) <= _LONGEST_SUBJECT:
        subject = frame.main[: modal.start()].strip(" ,")
        frame.negated = bool(modal["not"])
        rest = modal["main"]
        if re.match(r"be\s+\w", rest) and not _LEAD.match(rest):
            frame.main = f"{subject} {rest}"
        else:
            frame.main, frame.actor = rest, frame.actor or subject
    while lead := _LEAD.match(frame.main):
        frame.main = frame.main[lead.end() :]
    let = _LET.match(frame.main)
    if let:
        frame.main, frame.actor = let["main"], let["actor"]
    return frame


_LONGEST_SUBJECT = 12
_SHORTEST_HEAD = 3
_GHERKIN = re.compile(r"^(?:then|and|but)\s+", re.IGNORECASE)


def _leads_with_verb(text: str) -> bool:
    words = _WORD.findall(text[:200])
    return bool(words) and verb_in(words[0].lower()) is not None


def begins_with_demand(text: str) -> bool:
    """Whether ``text`` begins with a verb, or has "shall", "must" and the like."""
    return _leads_with_verb(text) or bool(_MODAL.search(text))


def _take_conditions(frame: _Frame) -> None:
    first = _EARS.match(frame.main)
    if first:
        frame.conditions.append(Condition(_kind(first["word"]), first["condition"].strip()))
        frame.main = first["main"]
    later = _LATER.search(frame.main)
    if later and later.start() > 0:
        condition, rest = _until_verb(later["condition"].strip(" ,"), frame.main)
        frame.conditions.append(Condition(_kind(later["word"]), condition))
        frame.main = frame.main[: later.start()] + rest


def _until_verb(condition: str, main: str) -> tuple[str, str]:
    """A condition without a second demand: "... when it ends and store it" ends at "and"."""
    for cut in re.finditer(r",?\s+and\s+(?=(\w+))", condition):
        if _is_verb_form(cut[1], main) and not cut[1].lower().endswith(("ed", "s")):
            return condition[: cut.start()], condition[cut.start() :]
    return condition, ""


def _kind(word: str) -> str:
    low = " ".join(word.lower().split())
    return next(
        (kind for kind in ("barrier", "guard", "trigger") if low in words_of(kind)), "guard"
    )


def _phrases(text: str) -> Iterator[str]:
    """``text`` in pieces that each begin with a verb: "count X and sum Y" is two."""
    start = 0
    for cut in _SPLIT.finditer(text):
        following = text[cut.end() :]
        first = _WORD.match(_ARTICLE.sub("", following))
        if first is None or not _is_verb_form(first[0], text[: cut.start()]):
            continue
        if _ARTICLE.match(following):
            continue
        yield text[start : cut.start()].strip(" ,")
        start = cut.end()
    yield text[start:].strip(" ,")


def _is_verb_form(word: str, before: str) -> bool:
    """Whether ``word`` after "and" is a verb in the form of the verb that the text begins with."""
    low = word.lower()
    if not word[0].islower() or verb_in(low) is None:
        return False
    first = _WORD.match(_ARTICLE.sub("", before))
    lead = first[0].lower() if first else ""
    if low in {
        "order",
        "orders",
        "report",
        "reports",
        "record",
        "records",
        "alert",
        "alerts",
        "total",
        "price",
    }:
        return False
    if lead.endswith("s") and verb_in(lead):
        return low.endswith("s") and not low.endswith("ss")
    if lead.endswith("ing"):
        return low.endswith("ing")
    return not low.endswith(("ing", "ion", "ment", "al", "ance", "s", "ed"))


def _passive(text: str) -> re.Match[str] | None:
    return _PASSIVE.match(text)


def _demand(clause: Clause, frame: _Frame, text: str) -> Demand | None:
    base = Demand(
        clause,
        "",
        "",
        conditions=tuple(frame.conditions),
        actor=_bare(frame.actor),
        negated=frame.negated,
        text=text,
    )
    words = [match[0] for match in _WORD.finditer(text[:200])]
    if not words:
        return None
    passive = _passive(text)
    active = verb_in(words[0].lower()) if words else None
    if passive and (verb := verb_in(passive["verb"].lower())) and active is None:
        rest = passive["rest"]
        phrase, complements = _complements(f"{passive['object']} {rest}".strip())
        return replace(
            base,
            verb=verb,
            object=_bare(phrase),
            complements=complements,
            negated=base.negated or bool(passive["not"]),
            passive=True,
        )
    if active is not None:
        rest = text[text.find(words[0]) + len(words[0]) :].strip()
        return _lighter(replace(base, verb=active), rest)
    # A subject before a verb in the present tense: "the system stores orders".
    for place, word in enumerate(words[1:5], 1):
        verb = verb_in(word.lower())
        if verb and word.endswith("s") and not word.endswith("ss") and word.islower():
            rest = text.split(word, 1)[1].strip()
            actor = base.actor or _bare(" ".join(words[:place]))
            return _lighter(replace(base, verb=verb, actor=actor), rest)
    return _nominal(base, text)


def _lighter(demand: Demand, rest: str) -> Demand:
    """The demand behind a light verb: "supports the import of orders" is to import orders."""
    if demand.verb in words_of("light"):
        inner = _LET.match(f"{demand.verb} {rest}")
        if inner:
            words = _WORD.findall(inner["main"])
            verb = verb_in(words[0].lower()) if words else None
            if verb:
                after = inner["main"].split(words[0], 1)[1].strip()
                phrase, complements = _complements(after)
                return replace(
                    demand,
                    verb=verb,
                    object=_bare(phrase),
                    complements=complements,
                    actor=inner["actor"],
                )
        nominal = _nominal(demand, rest)
        if nominal is not None:
            return nominal
    phrase, complements = _complements(rest)
    return replace(demand, object=_bare(phrase), complements=complements)


def _gerund(word: str) -> str | None:
    return verb_in(word) if word.lower().endswith("ing") else None


def _nominal(demand: Demand, text: str) -> Demand | None:
    """The demand of a noun of action: "import of orders", "order import", "CRUD for dishes"."""
    text = _ARTICLE.sub("", text)
    of = _NOUN_OF_ACTION.match(text)
    if of and (verb := verb_of_noun(of["noun"]) or _gerund(of["noun"])):
        phrase, complements = _complements(of["object"])
        return replace(demand, verb=verb, object=_bare(phrase), complements=complements)
    phrase, complements = _complements(text)
    words = _WORD.findall(phrase)
    if len(words) >= 2 and (verb := verb_of_noun(words[-1]) or _gerund(words[-1])):
        return replace(
            demand, verb=verb, object=_bare(" ".join(words[:-1])), complements=complements
        )
    return None


@cache
def _marks() -> re.Pattern[str]:
    marks = sorted(words_of("prepositions") | words_of("marks"), key=len, reverse=True)
    return re.compile(rf"(?:^|,?\s)(?P<mark>{'|'.join(marks)})\s+", re.IGNORECASE)


def _complements(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The phrase at the start of ``text``, and the (preposition, phrase) pairs after it."""
    cuts = list(_marks().finditer(text))
    if not cuts:
        return text.strip(" ,"), ()
    head = text[: cuts[0].start()].strip(" ,")
    found = []
    for cut, following in zip(cuts, [*cuts[1:], None], strict=True):
        end = following.start() if following else len(text)
        found.append((cut["mark"].lower(), text[cut.end() : end].strip(" ,")))
    return head, tuple(found)


def _bare(phrase: str) -> str:
    """A phrase without its article."""
    return _ARTICLE.sub("", phrase.strip(" ,.")).strip()


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
