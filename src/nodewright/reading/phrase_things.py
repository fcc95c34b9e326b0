"""The thing that a phrase of prose gives fields to."""

import re
from collections.abc import Iterator

from nodewright.language.data_words import field_words
from nodewright.language.markup import plain
from nodewright.language.naming import words
from nodewright.language.verbs import verb_of
from nodewright.language.worded import Worded
from nodewright.reading.data_names import thing_name

_PER = r"(?:for|of|per|in|to)\s+(?:each|every|all|any|an?)\s+(?P<thing>[\w -]{2,40})"
_LEADING_PER = re.compile(r"(?:\w+\s+)?" + _PER + r"\s*[,:]", re.IGNORECASE)
_TRAILING_PER = re.compile(r"(?P<head>[\w -]{2,60}?)\s+" + _PER + r"\s*$", re.IGNORECASE)
_INTRODUCES = Worded(
    r"(?P<has>(?:^|\s)(?:<modal>\s+(?:also\s+)?)?(?:<having>|(?<=must )(?:record|store)|"
    r"(?<=shall )(?:record|store))\b)"
    r"|,?\s+<listing>\b(?!\s+of\b)|(?P<colon>\s*[:：])(?=\s)"
)
_FIELDS_SAID = re.compile(
    r"\b(?:fields|columns|attributes|properties|parameters|details|information|data|values|following)\s*$",
    re.IGNORECASE,
)
_LOG = re.compile(r"^(?:log|audit|record)s?$", re.IGNORECASE)


def is_shown(name: str) -> bool:
    """Whether a thing is part of a screen or program and no record."""
    last = [word.lower() for word in words(name)][-1:]
    return bool(last) and last[0] in field_words("shown_by")


_ARRANGED = re.compile(
    r"(?<=\w)\s+\w+(?:ed|en)\s+(?:by|in|with|from|to|as)\b.*$", re.IGNORECASE | re.DOTALL
)
_PASSIVE = re.compile(
    r"(?<=\w)\s+(?:(?:must|shall|should|will|can)\s+be|is|are|gets?)\s+\w+(?:ed|pt|ld|en)\b.*$",
    re.IGNORECASE,
)


def thing_in(phrase: str) -> str:
    """The thing at the end of a phrase: "logs for each run" is a run's log.

    >>> thing_in("clear, structured logs for each run"), thing_in("The receipt of each payment")
    ('RunLog', 'PaymentReceipt')
    """
    shown = _PASSIVE.sub("", plain(phrase).strip(" ,."))
    shown = _ARRANGED.sub("", shown)
    per = _TRAILING_PER.search(shown)
    if per:
        head = thing_name(per["head"])
        owner = thing_name(per["thing"])
        name = thing_name(f"{per['thing']} {per['head'].split()[-1]}") if head else owner
        return "" if is_shown(head or owner) else name or owner
    name = thing_name(shown)
    return "" if is_shown(name) else name


def introducers(text: str) -> Iterator[re.Match[str]]:
    """Where a list of fields may begin: after "has", "with", a colon."""
    return _INTRODUCES.finditer(text)


def announces_list(before: str) -> bool:
    """Whether what stands before a colon says that fields follow, not kinds or examples."""
    if re.search(
        r"\b(?:types?|kinds?|examples?|options|steps|formats|methods|cases)\b",
        before,
        re.IGNORECASE,
    ):
        return False
    return bool(_FIELDS_SAID.search(before) or _LEADING_PER.match(f"{before},"))


def announced_before(before: str, *, has: bool) -> str:
    """The thing whose fields follow on ``before``, empty where there is none.

    >>> announced_before("Operators can register customers", has=False)
    'Customer'
    >>> announced_before("For each stay, record it", has=False)
    'Stay'
    """
    linked = _LINKED.search(before)
    if linked:
        return f"{thing_name(linked['one'])}{thing_name(linked['other'])}"
    leading = _LEADING_PER.match(f"{before},") or _LEADING_PER.match(before)
    if leading:
        return thing_in(leading["thing"])
    phrase = _last_phrase(before)
    if has and re.fullmatch(r"\s*(?:the|this|our)\s+product\s*", plain(phrase), re.IGNORECASE):
        return ""
    if has and (len(phrase.split()) > 8 or re.search(r"\b(?:can|to|must|shall)\b", phrase)):
        return ""
    return thing_in(phrase)


_FOLLOWING = Worded(
    r"\b(?:following|these)\s+(?:\w+\s+)?<fields>\s+(?:from|of|for|in|about)\s+"
    r"(?:<determiner>\s+)?(?P<thing>[\w -]{2,40})$"
)
_LINKED = Worded(
    r"\b<determiner>\s+(?P<one>[\w-]+(?: [\w-]+)?)\s+(?:<be>|is|are)\s+<linked>\s+(?:to"
    r"|with)\s+<several>\s+"
    r"(?P<other>[\w-]+(?: [\w-]+)?)\W*$"
)
_ANNOUNCED = Worded(
    r"\s*(?:<following>\s+)*(?:following|parameters|items|entries|metrics|<fields>)?\s*"
)


def announced_thing(text: str) -> tuple[str, bool]:
    """The thing whose fields the end of ``text`` announces, and whether it calls them fields.

    >>> announced_thing("The service must produce logs for each run, detailing")
    ('RunLog', True)
    >>> announced_thing("For each stay, record the following fields")
    ('Stay', True)
    """
    said = bool(_FIELDS_SAID.search(text))
    leading = _LEADING_PER.match(f"{text},") if not _TRAILING_PER.search(text) else None
    if leading:
        return thing_in(leading["thing"]), True
    following = _FOLLOWING.search(text)
    if following:
        return thing_in(following["thing"]), True
    for found in introducers(text):
        if not _ANNOUNCED.fullmatch(text[found.end() :]):
            continue
        name = announced_before(text[: found.start()], has=bool(found["has"]))
        if name:
            return name, said or not found["has"]
    tail = re.search(r"(?:with|for|of)?\s*the following\s*(?:\w+)?$", text, re.IGNORECASE)
    per = _TRAILING_PER.search(text[: tail.start()] if tail else text)
    if per:
        return thing_in(per[0]), True
    return "", False


def _last_phrase(text: str) -> str:
    return re.split(r"[.;:]\s", text.strip())[-1]


def is_log(name: str) -> bool:
    """Whether a thing is a log or record of another."""
    last = words(name)[-1:]
    return bool(last) and bool(_LOG.match(last[0]))


_ACTED_ON = Worded(
    r"(?P<asked>[\w ,()-]{0,60}?\b(?:<modal>|to|automatically)\s+)?(?P<verb>[A-Za-z]+)\s+"
    r"(?P<thing>[\w -]{2,60}?)(?=\s+<preposition>\b|[.,;:(]|$)"
)
_PRONOUN = Worded(r"\s*(?:<determiner>|this|these)?\s*(?:<material> )?<pronoun>s?\s*")


def acted_on(sentence: str) -> str:
    """The thing that a sentence does something with.

    >>> acted_on("Import measurements from CSV files."), acted_on("The clerk can file a complaint")
    ('Measurement', 'Complaint')
    """
    found = _ACTED_ON.match(plain(sentence).strip())
    if found is None or not (
        found["asked"]
        or verb_of(found["verb"].lower())
        or found["verb"].lower() in field_words("leading_verbs")
    ):
        return ""
    name = thing_name(found["thing"])
    return "" if is_shown(name) else name


def is_pronoun(phrase: str) -> bool:
    """Whether a phrase stands for what was spoken of before: "the file", "each record"."""
    if re.match(r"(?:links|connects|ties|maps|represents|belongs)\b", phrase, re.IGNORECASE):
        return True  # of what the label names
    return not phrase.strip() or bool(_PRONOUN.fullmatch(plain(phrase)))
