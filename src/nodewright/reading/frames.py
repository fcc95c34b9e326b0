"""The frame of a sentence: who may or must, when, and the main part that is asked for.

A shallow grammar is enough, because requirements are written in few forms: "the system shall ...",
user stories, "when ... then ...", passives, imperatives, "supports the import of orders".
"""

import re
from dataclasses import dataclass, field

from nodewright.language.verb_forms import verb_in
from nodewright.language.word_lists import words_of_list

PURPOSE = re.compile(
    r",?\s+(?:so that|in order to|so they|so i|to (?:ensure|prevent|reflect|improve)|because)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_STORY = re.compile(
    r"as an? (?P<actor>[^,.]{1,80}?),?\s+i (?:want|need|would like|wish|can|should be able)"
    r"(?: to)?(?: be able to)?\s+(?P<main>.+)",
    re.IGNORECASE | re.DOTALL,
)
_MODAL = re.compile(
    r"\b(?P<modal>shall|must|should|will|can|may|needs? to|has to|have to)"
    r"(?P<not>\s+(?:not|never)\b|n't\b|not\b)?\s+(?P<main>.+)",
    re.IGNORECASE | re.DOTALL,
)
_LEAD = re.compile(
    r"(?:be able to|be possible to|also|automatically|only|immediately|be allowed to|always|"
    r"directly|instantly|then|first|be permitted to|please)\s+",
    re.IGNORECASE,
)
_ABILITY = re.compile(
    r"(?:the |an? )?(?:ability|option|possibility|means|way|capability|facility|function|feature)"
    r"(?: for [\w ]{2,30}?)? to\s+",
    re.IGNORECASE,
)
_LET = re.compile(
    r"(?:allow|enable|let|permit|help)(?:s|ing)?\s+(?P<actor>[\w\s-]{1,40}?)\s+to\s+(?P<main>.+)",
    re.IGNORECASE,
)
_EARS = re.compile(
    r"(?P<word>given|when|whenever|if|while|once|upon|where|unless|after|as soon as|on)\s+"
    r"(?P<condition>.+?)(?:,?\s+then\s+|,\s*)(?P<main>.+)",
    re.IGNORECASE | re.DOTALL,
)
_LATER = re.compile(
    r",?\s+(?P<word>only if|only when|only while|except when|except if|provided that|as soon as|"
    r"as long as|when|whenever|if|unless|once|while)\s+(?P<condition>.+)",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\s*\(([^()]{0,300})\)")
_ADVERB = re.compile(
    r"^(?:real-time|automatic(?:ally)?|intelligent(?:ly)?|online|securely|efficiently)\s+(?=\w)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?P<label>[A-Z][\w &/-]{1,50}?)\s*[:–—]\s+(?=\S)")
_STEP = re.compile(r"^(?:then|and|but)\s+(?=[\w\"'])", re.IGNORECASE)
_WORD = re.compile(r"[^\W_][\w'’./-]*[^\W_.]|[^\W_]")
_ONLY = re.compile(r"^only\s+(?:the\s+|an?\s+)?", re.IGNORECASE)
_LONGEST_SUBJECT = 12
_SHORTEST_HEAD = 3


@dataclass(frozen=True, slots=True)
class Condition:
    """When a demand holds. ``kind``: ``trigger`` (a moment), ``guard`` (must hold), ``barrier``.

    ``clause`` is the clause that says it where that is not the demand's own.
    """

    kind: str
    text: str
    clause: str = ""


@dataclass(slots=True)
class Frame:
    """A sentence on its way to demands.

    ``only``: nothing but the subject, "only paid orders can be shipped". ``passive``: the main part
    is "orders be shipped". ``asides`` are what stood in parentheses.
    """

    main: str
    actor: str = ""
    negated: bool = False
    only: bool = False
    passive: bool = False
    details: str = ""
    label: str = ""
    asides: tuple[str, ...] = ()
    conditions: list[Condition] = field(default_factory=list)


def frame_of(text: str, *, step: bool = False) -> Frame:
    """The frame of one sentence.

    >>> frame = frame_of("Orders can be cancelled only if they are pending")
    >>> frame.main, frame.passive, frame.conditions[0].text
    ('Orders be cancelled', True, 'they are pending')
    """
    asides = _ASIDE.findall(text)
    frame = Frame(_ASIDE.sub("", text).rstrip(" .;"), asides=tuple(asides))
    if step:
        frame.main = _STEP.sub("", frame.main)
    _take_label(frame)
    frame.main = _ADVERB.sub("", frame.main)
    story = _STORY.match(frame.main)
    if story:
        frame.actor, frame.main = story["actor"], story["main"]
    frame.main = PURPOSE.sub("", frame.main)
    _take_conditions(frame)
    head, colon, details = frame.main.partition(": ")
    long = len(head.split()) >= _SHORTEST_HEAD or leads_with_verb(head)
    if colon and long and " " in head:
        frame.main, frame.details = head, details.strip()
    _take_modal(frame)
    ability = _ABILITY.match(frame.main)
    if ability:
        frame.main = frame.main[ability.end() :]
    while lead := _LEAD.match(frame.main):
        frame.main = frame.main[lead.end() :]
    let = _LET.match(frame.main)
    if let:
        frame.main, frame.actor = let["main"], let["actor"]
    return frame


def _take_label(frame: Frame) -> None:
    label = _LABEL.match(frame.main)
    if label is None or _MODAL.search(label[0]):
        return
    rest = frame.main[label.end() :]
    title = " " not in label["label"] and len(rest.split()) > _SHORTEST_HEAD
    if leads_with_verb(label["label"]) and not title:
        return
    if begins_with_demand(rest) or title:
        frame.label, frame.main = label["label"], frame.main[label.end() :]


_ABLE = re.compile(r"^be\s+(?P<word>\w+?)(?P<end>able|ible)\b", re.IGNORECASE)


def _done(found: re.Match[str]) -> str:
    """As in "be searchable" as "be searched"."""
    for word in (found["word"], f"{found['word']}e"):
        if verb_in(word.lower()) == word.lower():
            return f"be {word}{'d' if word.endswith('e') else 'ed'}"
    return found[0]


def _take_modal(frame: Frame) -> None:
    """Take the subject and the modal verb off, keep the subject of a passive."""
    modal = _MODAL.search(frame.main)
    if modal is None or len(frame.main[: modal.start()].split()) > _LONGEST_SUBJECT:
        return
    subject = frame.main[: modal.start()].strip(" ,")
    frame.negated = bool(modal["not"])
    frame.only = bool(_ONLY.match(subject))
    subject = _ONLY.sub("", subject)
    rest = _ABLE.sub(_done, modal["main"])
    if re.match(r"(?:only |automatically |also )?be\s+\w", rest) and not _LEAD.match(rest):
        frame.main, frame.passive = f"{subject} {rest}", True
    else:
        frame.main, frame.actor = rest, frame.actor or subject


def leads_with_verb(text: str) -> bool:
    """Whether the first word of ``text`` is a form of a verb."""
    words = _WORD.findall(text[:200])
    return bool(words) and verb_in(words[0].lower()) is not None


def begins_with_demand(text: str) -> bool:
    """Whether ``text`` begins with a verb, or has "shall", "must" and the like."""
    return leads_with_verb(text) or bool(_MODAL.search(text))


def _take_conditions(frame: Frame) -> None:
    while (first := _EARS.match(frame.main)) and not (
        first["word"].lower() == "on" and len(first["condition"].split()) > 4
    ):
        frame.conditions.append(Condition(_kind(first["word"]), first["condition"].strip()))
        frame.main = re.sub(r"^(?:and|then)\s+", "", first["main"])
    later = _LATER.search(frame.main)
    if later and later.start() > 0:
        condition, rest = _until_verb(later["condition"].strip(" ,"))
        frame.conditions.append(Condition(_kind(later["word"]), condition))
        frame.main = frame.main[: later.start()] + rest


def _until_verb(condition: str) -> tuple[str, str]:
    """A condition without a second demand: "... when it ends and store it" ends at "and"."""
    for cut in re.finditer(r",?\s+and\s+(?=(\w+))", condition):
        word = cut[1]
        if word.islower() and verb_in(word) == word and not word.endswith(("ed", "s")):
            return condition[: cut.start()], condition[cut.start() :]
    return condition, ""


def _kind(word: str) -> str:
    low = " ".join(word.lower().split())
    kinds = ("barrier", "guard", "trigger")
    return next((kind for kind in kinds if low in words_of_list("demands", kind)), "guard")
