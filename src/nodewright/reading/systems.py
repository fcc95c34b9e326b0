"""External systems that a document depends on, by their normal names.

Known systems come from a catalogue. A name outside it counts where the text calls it an API and
writes it with a capital throughout (``Acme API``).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from nodewright.language.lexicon import CLAUSE_ENDS, Lexicon, tokens, word_set
from nodewright.language.vocabulary import load_data
from nodewright.patterns.scoring import negated
from nodewright.prd.models import ExternalSystem
from nodewright.prd.sentences import Sentence

_FAMILIES = {"gcp": "Google", "aws": "AWS", "azure": "Azure"}
_CONTEXT = word_set(
    "api apis sdk webhook webhooks integration integrations integrate integrates integrating "
    "account "
    "oauth client bot adapter connector platform cloud service backend deploy deployed hosting "
    "hosted "
    "host on via database db auth authentication feed exchange broker from"
)
# The same in scripts whose words are not told apart: integration, interface, hosting.
_HOSTS = re.compile(r"集成|接口|对接|部署|托管|연동|호스팅|배포")
_SHORT = 120
_QUOTE_MARKS = "\"'\u201c\u201d\u2018\u2019"
_ANALOGY = re.compile(
    rf"[{_QUOTE_MARKS}*]*\s+(?:for|of)\s+(?!the\b|our\b|your\b)[\w-]+(?: \w+)?s?"
    rf"\s*[,.){_QUOTE_MARKS}]"
)
_NOT_DEPENDENCY = re.compile(
    r"\b(?:unlike|instead of|rather than|inspired by|similar to|compared (?:to|with)"
    r"|alternatives? to|think|like an?"
    r"|competitors?|no dependency on|does not (?:use|depend)|do not use|replaces?|replacing"
    r"|migrat\w+ from)\s+(?:\w+\s+){0,3}$",
    re.IGNORECASE,
)
_OPTIONAL = re.compile(
    r"\boptional(?:ly)?\b|\be\.g\.|\bor\b|\btbd\b|\balternativ|\bfallback|\bcandidate"
    r"|\bequivalent|\bfor example"
    r"|\bsuch as\b|可选|선택|opcional| / |\?",
    re.IGNORECASE,
)
_SILENT_ROLES = word_set("risks market references questions meta excluded future")
# Mentions in a plan, in tests or among risks count little: a system needs more than these.
_FAINT = 0.04


@dataclass(frozen=True, slots=True)
class _Alias:
    name: str
    family: str
    text: str
    case: bool
    caution: int


@cache
def _catalogue() -> tuple[Lexicon, dict[str, str]]:
    """All aliases by their words, and system -> kind."""
    data: dict[str, list[list[str]]] = load_data("systems")
    entries: list[tuple[str, _Alias]] = []
    kinds: dict[str, str] = {}
    for kind, lines in data.items():
        for name, *aliases in lines:
            kinds[name] = kind
            guarded = {alias.lstrip("~=").lower() for alias in aliases if alias[0] in "~="}
            for alias in (name, *aliases):
                if alias is name and name.lower() in guarded:
                    continue
                entries.append(_alias(name, alias))
    return Lexicon(entries, exact=True), kinds


def _alias(name: str, written: str) -> tuple[str, _Alias]:
    family = ""
    if written.startswith("@"):
        tag, written = written[1:].split(" ", 1)
        family = _FAMILIES[tag]
        return written, _Alias(name, family, written, case=True, caution=0)
    caution = len(written) - len(written.lstrip("~"))
    text = written.lstrip("~=")
    return text, _Alias(name, "", text, caution > 0 or written.startswith("="), caution)


def system_kind(name: str) -> str:
    """``database``, ``broker``, ``cloud`` ...; ``service`` for one outside the catalogue."""
    return _catalogue()[1].get(name, "service")


@dataclass(slots=True)
class _Mention:
    lines: list[int] = field(default_factory=list)
    firm: bool = False


def find_systems(sentences: Iterable[Sentence], title: str) -> tuple[ExternalSystem, ...]:
    """Systems that this release uses or may use, in order of their first mention."""
    found: dict[str, _Mention] = {}
    in_family: list[tuple[_Alias, Sentence]] = []
    relevant = [
        sentence
        for sentence in sentences
        if sentence.weight >= _FAINT and sentence.role not in _SILENT_ROLES
    ]
    lexicon, _ = _catalogue()
    for sentence in relevant:
        words = sentence.tokens
        hits = lexicon.find(sentence.lower)
        if not hits:
            continue
        covered = -1
        last = -1
        for hit in hits:
            alias: _Alias = hit.payload
            inside = hit.start < covered and hit.start != last
            if inside or not _counts(alias, hit.start, hit.end, words, sentence):
                continue
            covered, last = hit.end, hit.start
            if alias.family:
                in_family.append((alias, sentence))
            else:
                _mention(found, alias.name, sentence)
    for alias, sentence in in_family:
        if any(
            alias.family in name or name in _FAMILY_MEMBERS.get(alias.family, ()) for name in found
        ):
            _mention(found, alias.name, sentence)
    for name, sentence in _unknown_services(relevant, title):
        _mention(found, name, sentence)
    return tuple(
        ExternalSystem(name, not mention.firm, tuple(dict.fromkeys(mention.lines)))
        for name, mention in found.items()
    )


_FAMILY_MEMBERS = {
    "Google": ("BigQuery", "Firestore", "Firebase", "Bigtable", "Vertex AI"),
    "AWS": ("DynamoDB", "Amazon RDS", "Amazon Redshift", "Amazon Aurora"),
    "Azure": ("Cosmos DB",),
}


def _mention(found: dict[str, _Mention], name: str, sentence: Sentence) -> None:
    mention = found.setdefault(name, _Mention())
    mention.lines.append(sentence.line)
    mention.firm = mention.firm or not _OPTIONAL.search(sentence.text)


def _counts(alias: _Alias, start: int, end: int, words: Sequence[str], sentence: Sentence) -> bool:
    written = words[start:end]
    if alias.case and list(written) != tokens(alias.text):
        return False
    low = [word.lower() for word in words[max(0, start - 8) : end + 3]]
    start, end, words = (
        start - max(0, start - 8),
        end - max(0, start - 8),
        words[max(0, start - 8) :],
    )
    if negated(low, start):
        return False
    around = {*low[max(0, start - 3) : start], *low[end : end + 2]}
    if alias.caution and len(sentence.text) < _SHORT and _HOSTS.search(sentence.text):
        around.add("hosting")
    if alias.caution > 1 and not around & (_CONTEXT - {"on", "from"} if start == 0 else _CONTEXT):
        return False
    if alias.caution == 1:
        first = start == 0 or words[start - 1] in CLAUSE_ENDS
        if (
            first
            and end < len(words)
            and not around & _CONTEXT
            and words[end] not in {",", "/", ")", "|", "("}
        ):
            return False
    place = sentence.text.find(written[0])
    before = sentence.text[max(0, place - 80) : max(0, place)]
    # "Think Datadog for devices", "an 'Uber for dogs'" name what the product is like.
    likened = (before.rstrip()[-1:] or " ") in _QUOTE_MARKS and _ANALOGY.match(
        sentence.text, place + len(" ".join(written))
    )
    return not likened and not _NOT_DEPENDENCY.search(before)


_SERVICE = re.compile(
    r"(?<![\w.-])(?P<name>[A-Z][A-Za-z0-9]+(?:\.[a-z]{2,3})?(?: [A-Z][A-Za-z0-9]+)?)(?:'s)? "
    r"(?:Web |REST |Cloud |Bot )?(?:APIs?|SDK)\b"
)
_OF_ITSELF = re.compile(r"\bthis (?:document|spec|prd|project|api|service)", re.IGNORECASE)
_GENERIC = word_set(
    "rest restful graphql http https web public private internal external admin user users json "
    "open rpc "
    "grpc soap backend frontend the a an our your their core main service services server client "
    "search "
    "ai llm ml chat data auth authentication authorization payment payments third party thirdparty "
    "management product products order orders partner mobile native browser native streaming "
    "batch async "
    "webhook websocket socket rate public crud cli python java node typescript javascript go "
    "rust react "
    "next nextjs express fastapi flask django spring rails laravel vue angular kotlin swift "
    "flutter "
    "ingestion query event events metrics health status config configuration file files fetch "
    "storage "
    "notification notifications email sms crypto market trading price reporting analytics report "
    "dashboard integration gateway proxy local remote custom new existing v1 v2 v3 legacy all "
    "each every "
    "no any this that these use using via call calls create get post put delete list implement "
    "provide "
    "expose support document mock test sandbox production platform system application app "
    "developer key "
    "history file geolocation canvas audio video speech vision map maps weather news currency "
    "exchange "
    "clipboard intersection performance context composition options reactive dom push battery"
)


def _unknown_services(sentences: Sequence[Sentence], title: str) -> Iterable[tuple[str, Sentence]]:
    """``Acme API`` and the like: names that are not catalogued and never in lower case."""
    candidates: list[tuple[str, int, Sentence]] = []
    for sentence in sentences:
        named = "API" in sentence.text or "SDK" in sentence.text
        if named and not _OF_ITSELF.search(sentence.text):
            found = _SERVICE.finditer(sentence.text)
            candidates += [(match["name"], match.start(), sentence) for match in found]
    if not candidates:
        return
    every: set[str] = set()
    for sentence in sentences:
        every.update(sentence.tokens)
    lower = {word for word in every if word.islower()}
    own = {word.lower() for word in tokens(title)}
    _, kinds = _catalogue()
    lexicon = _catalogue()[0]
    counts = Counter(name for name, _, _ in candidates)
    for name, start, sentence in candidates:
        # One mention at the start of a sentence or cell may be any word with a capital.
        before = sentence.text[:start].rstrip()
        if counts[name] == 1 and not before[-1:].isalnum():
            continue
        words = [word.lower() for word in tokens(name)]
        if any(word in _GENERIC or word in lower or word in own for word in words):
            continue
        if name not in kinds and not lexicon.find(words):
            yield name, sentence
