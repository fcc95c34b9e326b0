"""The main verb of a requirement, its object, and the kind of node that does such work."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

from nodewright.language.identifiers import author_id
from nodewright.language.lexicon import stems, word_set
from nodewright.language.modals import find_modal, is_modal
from nodewright.language.scripts import EAST_ASIAN
from nodewright.language.vocabulary import load_data

_MAX_TEXT = 400
_MAX_OBJECT = 4
# The verb of a sentence without one.
NO_VERB = ""
# A verb of any sentence may be one that is not known.
_SHORTEST_VERB = 3
_LONGEST_PHRASE = 20


@dataclass(frozen=True, slots=True)
class Operation:
    """What a requirement does to what: ``verb`` in English, ``object`` a noun phrase.

    Either is empty where the text has none.
    """

    verb: str
    object: str


@cache
def _verbs() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Stem -> verb, other written form -> verb, and verb -> node kind."""
    data: dict[str, list[list[str]]] = load_data("verbs")
    by_stem: dict[str, str] = {}
    by_form: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for kind, lines in data.items():
        for verb, *forms in lines:
            kinds[verb] = kind
            by_stem.setdefault(stems(verb)[0], verb)
            for form in forms:
                if form.endswith(("ise", "ize", "yse", "suggest", "lookup")):
                    by_stem.setdefault(stems(form)[0], verb)
                by_form.setdefault(form, verb)
    return by_stem, by_form, kinds


def verb_kind(verb: str) -> str | None:
    """The kind of node that does ``verb``, None for a verb that is not known."""
    return _verbs()[2].get(verb)


_STORY = re.compile(
    r"as an? .{1,120}?,?\s+i (?:want|need|would like|wish|can"
    r"|should be able)(?: to)?(?: be able to)?\s+",
    re.IGNORECASE,
)
_SPANISH_STORY = re.compile(
    r"como .{1,80}?,?\s+(?:quiero|necesito|deseo)(?: poder)?\s+", re.IGNORECASE
)
_ENABLE = re.compile(
    r"(?:allow(?:s|ing)?|enable[sd]?|let[s]?|permit(?:s|ir)?"
    r"|help[s]?)\s+(?:[\w-]+\s+){0,4}?(?:to\s+)",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"(?P<object>(?:[\w'-]+\s+){1,5}?)(?P<modal>\w+) be\s+(?P<verb>\w+)\b", re.IGNORECASE
)
_IRREGULAR_PARTICIPLES = word_set("sent kept built written read")
_THEN = re.compile(r"\bthen\b", re.IGNORECASE)
_CLAUSE = re.compile(r"\b(?:so that|in order to|para que)\b|[.;。；]", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-zÀ-ÿ][\wÀ-ÿ'/-]*")
_DETERMINERS = word_set(
    "the a an all any each every their its my our new existing multiple single one these those "
    "this "
    "that both up some other my own be to at least following el la los las un una de del sus su"
)
_BREAKS = word_set(
    "to from with via for when so that if in on by using through into as where while before after "
    "under over based including such which who within without between against upon is are was be "
    "shall must should will can may each every of "
    "and or & then during across per than like onto has have only not at of about why how whether "
    "because rather regarding concerning except until unless if para con en por desde "
    "cuando y"
)


@lru_cache(maxsize=8192)
def operation_of(text: str) -> Operation:
    """The operation that a requirement sentence asks for.

    ``"The system shall validate all required fields"`` gives ``validate``, ``required fields``;
    ``"Order management"`` gives ``manage``, ``order``. After "shall", "must" and the like any
    word is a verb. A sentence without a verb gives none, and its first words.
    """
    text = " ".join(text[:_MAX_TEXT].replace("*", " ").replace("`", "").split())
    identity = author_id(text)
    if identity is not None and identity.separated and identity.rest:
        text = identity.rest
    if len(EAST_ASIAN.findall(text)) > len(text) / 5:
        return _east_asian(text)
    titled = _TITLE_OF_WORK.match(text)
    if titled and (verb := verb_of(titled[2].lower())) is not None:
        return Operation(verb, titled[1])
    for piece in _pieces(text):
        found = _leadingverb_of(piece)
        if found is not None:
            return found
    return _demanded(text) or _nominal(text)


def _demanded(text: str) -> Operation | None:
    """What follows a modal verb, known or not: "must upgrade the plan", "must be cacheable"."""
    tail = _consequence(text, _CLAUSE.split(text, maxsplit=1)[0])
    modal = find_modal(tail)
    if modal is None:
        return None
    rest = tail[modal.end :]
    enable = _ENABLE.match(rest)
    rest = rest[enable.end() :] if enable else rest
    matches = [match for match in islice(_WORD.finditer(rest), 4) if not _is_adverb(match[0])]
    if not matches:
        return None
    verb, after = matches[0][0].lower(), rest[matches[0].end() :]
    if verb == "be":
        subject = _object(_WORD.findall(tail[: modal.start]))
        return Operation("ensure", f"{subject} {_object_after(after)}".strip())
    if len(verb) < _SHORTEST_VERB or not verb.isascii() or verb in _BREAKS | _DETERMINERS:
        return None
    return Operation(verb, _object_after(_SECOND_VERB.sub(" ", after, count=1)))


def _consequence(text: str, whole: str) -> str:
    """What follows "then"; ``whole`` where the text has no "then"."""
    then = _THEN.search(text)
    return text[then.end() :] if then else whole


# "upgrade or downgrade their plans": the second verb, which is not known either.
_SECOND_VERB = re.compile(r"^\s*(?:and|or)\s+\w+\s+(?=(?:the|their|an?|its|all|any|each)\b)")


_NOT_ADVERBS = word_set(
    "apply reply supply comply rely multiply assembly family anomaly daily weekly"
)


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and word.lower() not in _NOT_ADVERBS


# "Payment processing", alone or before what it comprises.
_TITLE_OF_WORK = re.compile(r"(?P<thing>[A-Za-z]+) (?P<work>[A-Za-z]+ing)(?=\s*(?:[:–—(]|- |$))")


def _pieces(text: str) -> Iterator[str]:
    """Parts of the sentence that may begin with its verb, likeliest first."""
    main = _CLAUSE.split(text, maxsplit=1)[0] or text
    for story in (_STORY, _SPANISH_STORY):
        found = story.match(text)
        if found:
            main = _CLAUSE.split(text[found.end() :], maxsplit=1)[0]
            yield main
    tail = _consequence(text, main)
    modal = find_modal(tail)
    if modal:
        rest = tail[modal.end :]
        enable = _ENABLE.match(rest)
        if enable:
            yield rest[enable.end() :]
        passive = _PASSIVE.match(tail)
        if passive and _is_passive(passive):
            yield f"{passive['verb']} {passive['object']}"
        yield rest
    enable = _ENABLE.search(main)
    if enable:
        yield main[enable.end() :]
    yield main
    _, colon, rest = main.partition(":")
    if colon:
        yield rest
    dash = re.split(r"\s[–—-]\s", main, maxsplit=1)
    yield from dash[1:]


def _is_passive(found: re.Match[str]) -> bool:
    """Whether ``must be sent`` was found, and not ``to be large``."""
    verb, modal = found["verb"].lower(), found["modal"].lower()
    participle = verb.endswith("ed") or verb in _IRREGULAR_PARTICIPLES
    return participle and (is_modal(modal) or modal in {"is", "are"})


def _leadingverb_of(piece: str) -> Operation | None:
    matches = [*islice(_WORD.finditer(piece), 40)]
    words = [match[0] for match in matches]
    for position, word in enumerate(words[:3]):
        low = word.lower()
        pair = f"{low}{words[position + 1].lower()}" if position + 1 < len(words) else ""
        if pair in _ACCOUNT_VERBS:
            return Operation(_ACCOUNT_VERBS[pair], "account")
        verb = verb_of(low)
        if verb is not None and not _is_noun_here(words, position):
            return Operation(verb, _object_after(piece[matches[position].end() :]))
        if low not in _FILLERS and not _is_adverb(low):
            return None
    return None


_ACCOUNT_VERBS = {"login": "login", "signin": "login", "signup": "register"}
_FILLERS = word_set("to be able also automatically not and or")
_LIST_PART = re.compile(r"\s*(?:,\s*(?:and|or)?|and|or|/|&)\s+(?P<verb>[A-Za-z]+)\b", re.IGNORECASE)
_OBJECT_END = re.compile(r"[:;,(|–—]|\s-\s")


def verb_of(word: str) -> str | None:
    """The verb that ``word`` (in lower case) is a form of."""
    by_stem, by_form, _ = _verbs()
    stem = stems(word)
    if not stem:
        return None
    verb = by_stem.get(stem[0])
    if verb is None and stem[0][-2:-1] == stem[0][-1:]:
        verb = by_stem.get(stem[0][:-1])  # "cancelling"
    if verb is None and (not word.isascii() or word.endswith(("ar", "er", "ir"))):
        verb = by_form.get(word)
    return verb


def _object_after(text: str) -> str:
    """The noun phrase at the start of ``text``, after further verbs of a list."""
    while (found := _LIST_PART.match(text)) is not None and verb_of(found[1].lower()) is not None:
        text = text[found.end() :]
    phrase = _OBJECT_END.split(text, maxsplit=1)[0]
    return _object(_WORD.findall(phrase))


# Verbs that are as often nouns: "Order management", "Search results".
_AMBIGUOUS = word_set(
    "order orders store report reports record records schedule post review comment rate book "
    "trade search query "
    "request message alert cache log file position event role profile note contact document "
    "import export "
    "transfer deposit list process load play print share stream link queue view change access "
    "charge refund "
    "purchase sale test run start issue release set use notification map filter score count "
    "track match rank"
)


def _is_noun_here(words: list[str], position: int) -> bool:
    """``Order management``, ``Search results``: a verb's form that is a noun in a title."""
    word = words[position].lower()
    following = words[position + 1].lower() if position + 1 < len(words) else ""
    if word.endswith("ing"):
        # "Validating tickets" is work on tickets, "processing status" a status.
        return bool(following) and not following.endswith("s") and following not in _DETERMINERS
    if word in _AMBIGUOUS and following.endswith("ing") and verb_of(following) is not None:
        return True
    if not following:
        return True
    _, by_form, _ = _verbs()
    return (word in _AMBIGUOUS and following in by_form) or word.endswith("tion")


def _object(words: list[str]) -> str:
    kept: list[str] = []
    for word in words:
        low = word.lower()
        if low in _DETERMINERS and not kept:
            continue
        if low in _BREAKS or _is_adverb(low):
            if kept:
                break
            continue
        kept.append(word)
        if len(kept) == _MAX_OBJECT:
            break
    return " ".join(kept)


def _nominal(text: str) -> Operation:
    """``Event Validation``, ``Payment processing``: a noun made of a verb, after its object."""
    _, by_form, _ = _verbs()
    head = re.split(r"[:–—(,.]|\s-\s", text, maxsplit=1)[0]
    words = _WORD.findall(head)
    if len(words) == 2 and words[1].lower().endswith("ing"):
        verb = verb_of(words[1].lower())
        if verb is not None:
            return Operation(verb, words[0])
    for position, word in enumerate(words[:6]):
        verb = by_form.get(word.lower())
        if verb is not None:
            before = [w for w in words[:position] if w.lower() not in _DETERMINERS | _BREAKS]
            thing = " ".join(before[-3:]) or _object(words[position + 1 :])
            return Operation(verb, thing)
    return Operation(NO_VERB, _object(words) or head[:40].strip())


def _east_asian(text: str) -> Operation:
    """The last known verb of a Korean or Chinese sentence with what stands before it."""
    by_form = _verbs()[1]
    best: tuple[int, str, str] | None = None
    for form, verb in by_form.items():
        if not form.isascii() and EAST_ASIAN.match(form):
            place = text.rfind(form)
            if place >= 0 and (best is None or place > best[0]):
                best = (place, form, verb)
    if best is None:
        return Operation(NO_VERB, text[:20].strip())
    place, form, verb = best
    before = re.split(r"[,，、。|:：]", text[:place])[-1].strip()
    after = re.split(r"[,，、。|:：]", text[place + len(form) :])[0].strip()
    thing = before if _is_korean(text) else (after or before)
    return Operation(verb, _ending(re.sub(r"[을를이가은는의]$", "", thing)))


def _ending(phrase: str) -> str:
    """The last characters of a long phrase, without a piece of a Latin word."""
    if len(phrase) <= _LONGEST_PHRASE:
        return phrase
    cut = len(phrase) - _LONGEST_PHRASE
    while cut < len(phrase) and re.match(r"[A-Za-z0-9]{2}", phrase[cut - 1 : cut + 1]):
        cut += 1
    return phrase[cut:].strip()


def _is_korean(text: str) -> bool:
    return any("\uac00" <= char <= "\ud7a3" for char in text)
