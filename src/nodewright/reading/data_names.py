"""Names of entities and fields from the words of a text."""

import re
from functools import lru_cache

from nodewright.language.data_words import field_words
from nodewright.language.lexicon import word_set
from nodewright.language.markup import plain
from nodewright.language.naming import pascal, snake, words
from nodewright.language.nouns import singular

_LONGEST = 200
_ASIDE = re.compile(r"[(（\[][^()（）\[\]]*[)）\]]?")
_IDENTIFIER = re.compile(r"[A-Za-z]\w*(?:_\w+|[a-z][A-Z]\w*)|[A-Za-z]\w*_\w+")
_TICKED = re.compile(r"`([A-Za-z_]\w{0,47})`")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_NOT_THINGS = word_set(
    "system service platform application app requirement feature following module api "
    "page screen section result response request output input format example overview number "
    "type list value item function functionality following step case test reason s it they them "
    "which that these those what there who tool solution field status"
)


@lru_cache(maxsize=4096)
def thing_name(phrase: str) -> str:  # noqa: PLR0911 - one case a reason
    """The entity that a noun phrase speaks of, empty where it names none.

    >>> thing_name("basic dish information")
    'Dish'
    >>> thing_name("the `sales_details` table")
    'Sale'
    """
    text = _ASIDE.sub(" ", plain(phrase[:_LONGEST])).strip(" :：*`.,#-–—\"'")
    if _HAN.search(text):
        return _pascal(_han_thing(text))
    found = _noun_phrase(text.split())
    if not found or len(found) > 3:
        return ""
    found[-1] = singular(found[-1])
    applied = found[-1] == "application" and len(found) > 1 and found[0] not in _PROGRAMS
    if (found[-1] in _NOT_THINGS and not applied) or (
        len(found) == 1 and found[0] in field_words("data_words")
    ):
        return ""
    if len(found) == 1 and found[0] in field_words("actions"):
        return ""
    if found[-1].endswith("ly") and found[-1] not in _NOUNS_IN_LY:
        return ""
    if len(found[-1]) < 2 or any(word in _INSIDE_NO_NAME for word in found):
        return ""
    return _pascal(" ".join(found))


def _noun_phrase(spoken: list[str]) -> list[str]:
    """The words of the thing at the end of ``spoken``: no article, verb, quality or data word."""
    edge = max((number + 1 for number, word in enumerate(spoken[:-1]) if _bounds(word)), default=0)
    if spoken and _bounds(spoken[-1].rstrip(",;:.")):
        return []
    found = [word.lower() for word in words(" ".join(spoken[edge:]))]
    first = spoken[edge] if edge < len(spoken) else ""
    asked = edge > 0 and spoken[edge - 1].lower() in _BEFORE_VERBS
    begins = edge == 0 and (first[:1].isupper() or first.lower() in field_words("leading_verbs"))
    if len(found) > 1 and (((asked or begins) and _is_verb(found[0])) or _is_gerund(found[0])):
        rest = found[1:]
        found = rest if any(word not in field_words("data_words") for word in rest) else found
    while len(found) > 1 and (found[0] in field_words("qualities") or found[0].isdigit()):
        found.pop(0)
    while len(found) > 1 and found[-1] in field_words("data_words"):
        found.pop()
    return found


_BEFORE_VERBS = word_set("to can shall must will should may and")


def _is_gerund(word: str) -> bool:
    """``creating`` orders; a ``booking`` form is none."""
    return word.endswith("ing") and any(_is_verb(word[:-3] + end) for end in ("", "e"))


def _is_verb(word: str) -> bool:
    return word in field_words("leading_verbs") or word in field_words("actions")


def _bounds(word: str) -> bool:
    return word.lower().strip("`*\"'") in field_words("boundaries") or word[-1:] in ",;:."


_NOUNS_IN_LY = word_set("family assembly supply reply anomaly ally")
_PROGRAMS = word_set("web mobile desktop native cli client server single android ios")
_INSIDE_NO_NAME = word_set("and or of to for with is are must should by on in from when if")
_HAN_DATA = re.compile(
    r"(?:信息|数据|資料|データ|情報|表|实体|テーブル|테이블|정보|엔티티|모델|模型)+$"
)


def _han_thing(text: str) -> str:
    latin = re.search(r"[A-Za-z][A-Za-z_]{2,}", text)
    return latin[0] if latin else _HAN_DATA.sub("", text)


def _pascal(text: str) -> str:
    name = pascal(snake_name(text))
    return name.rstrip("_") if name[:1].isalpha() else ""


def snake_name(text: str) -> str:
    """``text`` in snake_case, empty where it has no letter."""
    name = snake(text) if words(text) else ""
    return "" if name.strip("_").isdigit() else name


def declared_name(name: str) -> str:
    """The entity that a piece of code declares: ``order_items`` -> OrderItem."""
    parts = [word.lower() for word in words(name)]
    if len(parts) > 1 and parts[-1] in {"schema", "table", "model", "dto", "entity", "interface"}:
        parts.pop()
    if not parts:
        return ""
    parts[-1] = singular(parts[-1])
    return _pascal(" ".join(parts))


_BEFORE = re.compile(
    r"(?:(?:the|an?|its|their|optional|unique|each|every|any|all|of|and|or|user's|simulated|with"
    r"|both)\s+)+",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"\b([A-Z])&([A-Z])\b")  # P&L is said "pnl"
_NUMBER_OF = re.compile(r"(?:total\s+)?(?:number|count)s?\s+of\s+", re.IGNORECASE)
_TAIL = re.compile(
    r"\s+(?:for|in|from|at|by|on|to|with|that|which|when|if|as|used|based|using|via|where|must"
    r"|is|are)\s.*",
    re.IGNORECASE | re.DOTALL,
)
_OF = re.compile(r"(.+?)\s+of\s+(?:the\s+|an?\s+|each\s+)?(.+)", re.IGNORECASE)
_KEPT_WITH_OF = word_set("date time place country proof point coefficient terms")
MOST_WORDS = 4


@lru_cache(maxsize=4096)
def field_name(phrase: str) -> str:
    """The name of a field in snake_case, empty where ``phrase`` can be none.

    >>> field_name("store primary key `store_key`"), field_name("the date of birth")
    ('store_key', 'date_of_birth')
    >>> field_name("number of retries (max_retries)"), field_name("Store ID")
    ('max_retries', 'store_id')
    """
    identifier = identifier_in(phrase)
    if identifier:
        return snake_name(identifier)
    text = _ASIDE.sub(" ", plain(phrase[:_LONGEST])).strip(" :：*`.,;?!\"'’“”-–—")
    text = _INITIALS.sub(r"\1n\2", text)
    text = _BEFORE.sub("", text, count=1) if _BEFORE.match(text) else text
    text = _NUMBER_OF.sub("", text, count=1)
    text = _TAIL.sub("", text).split("/", maxsplit=1)[0]
    owned = _OF.fullmatch(text)
    if owned and owned[1].lower() not in _KEPT_WITH_OF:
        text = f"{owned[2]} {owned[1]}"
    parts = words(text)
    if len(parts) > 1 and parts[-1].lower() in {"information", "info", "details"}:
        text = " ".join(parts := parts[:-1])
    if not parts or (len(parts) > MOST_WORDS and not _HAN.search(text)):
        return ""
    return snake_name(text)


def identifier_in(phrase: str) -> str:
    """The name in code letters that stands in ``phrase``: in ticks, or as ``top_n``, ``userId``."""
    ticked = _TICKED.findall(phrase)
    if len(ticked) == 1:
        return str(ticked[0])
    coded = _IDENTIFIER.findall(phrase)
    return str(coded[0]) if len(coded) == 1 else ""


def counts(phrase: str) -> bool:
    """Whether a phrase speaks of how many there are."""
    return bool(_NUMBER_OF.search(phrase))
