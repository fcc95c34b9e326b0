"""Names of things: singular nouns in title case."""

import re
from functools import lru_cache

from nodewright.language.lexicon import word_set
from nodewright.language.markup import plain

MAX_WORDS = 3
NOT_ENTITIES = word_set(
    "system requirement feature service api data model overview user story story functionality "
    "application app platform product software solution module component interface backend "
    "frontend "
    "database server client process function field table schema entity object value type thing "
    "example note detail information info support access management processing option way time "
    "flow step error request response code test case scenario acceptance criterion table endpoint "
    "format ability capability performance security scalability integration operation action list "
    "page screen view ui button result success failure goal objective purpose status state name id "
    "number amount date it them item items content config configuration json http url string index "
    "key architecture design description title section document prd mvp release version phase "
    "implementation technology stack library tool language environment setup summary core layer "
    "context level mode limit rule set use make kind part point end start day week month year "
    "second minute hour need multiple notes edge reason input output behavior behaviour"
)
_IRREGULAR = {
    "people": "person",
    "children": "child",
    "indices": "index",
    "criteria": "criterion",
    "statuses": "status",
    "analyses": "analysis",
} | {word: word for word in ("data", "media", "series", "status", "news", "analytics")}


_KEEP_E = word_set("causes houses uses warehouses clauses pauses spouses axes caches")
_NOT_IN_NAMES = word_set("the and or of to for with is are must should")


def singular(word: str) -> str:
    """The singular of an English noun by its ending."""
    low = word.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low] if word.islower() else _IRREGULAR[low].capitalize()
    if low.endswith("ies") and len(low) > 4:
        return word[:-3] + "y"
    if low.endswith("zzes"):
        return word[:-3]
    if low.endswith(("sses", "shes", "ches", "xes", "uses")) and low not in _KEEP_E:
        return word[:-2]
    if low.endswith("s") and not low.endswith(("ss", "us", "is", "as", "os")) and len(low) > 3:
        return word[:-1]
    return word


_ASIDE = re.compile(r"[（(\[].*")
_ORDINAL = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*[.)]?\s+)")
_NAME_END = re.compile(r"[/|,:：–—]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_KIND_OF_RECORD = re.compile(
    r"\s{1,3}(?:entity|table|model|schema|object|record|collection|records|interface|type|dto|실체"
    r"|表)s?$",
    re.IGNORECASE,
)
_NAME_WORD = re.compile(r"[^\W_]+")
_LONGEST = 200


def entity_name(text: str) -> str | None:
    """``text`` as a singular name in title case of at most three words, None where it is none."""
    return _entity_name(text[:_LONGEST])


@lru_cache(maxsize=4096)
def _entity_name(text: str) -> str | None:
    text = _ORDINAL.sub("", _ASIDE.sub("", plain(text)).strip(" :：*`.#-–—"))
    text = _NAME_END.split(text, maxsplit=1)[0].strip()
    text = _HUMP.sub(" ", text).replace("_", " ").replace("-", " ")
    text = _KIND_OF_RECORD.sub("", text)
    words = _NAME_WORD.findall(text)
    if not words or len(words) > MAX_WORDS or len(text) > 40 or words[0][0].isdigit():
        return None
    words[-1] = singular(words[-1])
    if words[-1].lower() in NOT_ENTITIES and len(words) == 1:
        return None
    if any(word.lower() in _NOT_IN_NAMES for word in words):
        return None
    return " ".join(word if word[0].isupper() else word[0].upper() + word[1:] for word in words)
