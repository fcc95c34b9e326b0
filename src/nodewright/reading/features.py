"""What the structure of a document says, as terms that patterns can name as evidence."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from nodewright.language.lexicon import stems, word_set
from nodewright.patterns.scoring import negated
from nodewright.prd.models import Endpoint, ExternalSystem
from nodewright.prd.sentences import Sentence
from nodewright.reading.systems import system_kind

_SERVICES = frozenset(
    ("payment", "messaging", "ai", "maps", "saas", "finance", "blockchain", "service")
)
_CRUD_METHODS = frozenset(("POST", "PUT", "PATCH", "DELETE"))


def feature_sentences(
    systems: Iterable[ExternalSystem],
    endpoints: Iterable[Endpoint],
    sentences: Iterable[Sentence],
) -> list[Sentence]:
    """One sentence a feature: ``@external-service``, ``@endpoint-crud``, ``@tells-people`` ..."""
    found = [
        _sentence("@external-service", system.lines[0])
        for system in systems
        if system_kind(system.name) in _SERVICES
    ]
    found += _of_words(sentences)
    methods: dict[str, dict[str, int]] = {}
    for endpoint in endpoints:
        resource = endpoint.path.split("{")[0].split(":")[0].rstrip("/")
        methods.setdefault(resource, {}).setdefault(endpoint.method, endpoint.line)
    for lines in methods.values():
        written = _CRUD_METHODS & lines.keys()
        if "GET" in lines and len(written) > 1:
            found.append(_sentence("@endpoint-crud", lines["GET"]))
        found += [_sentence(f"@endpoint-{name.lower()}", lines[name]) for name in sorted(written)]
    return found


def _sentence(feature: str, line: int) -> Sentence:
    return Sentence(feature, line, words=tuple(stems(feature)))


# Stems that mean something only beside one another: "delivered to Slack", "add, rename, delete".
_CHANNELS = word_set(
    "email mail sms slack telegram discord whatsapp push team pagerduty twilio sendgrid correo"
)
_TELLING = word_set(
    "alert notify notification notif remind reminder deliver send sent post page warn inform "
    "enviar enviara envia recordatorio avisar"
)
_CREATING = word_set("creat add regist publish crear registrar agregar")
_CHANGING = word_set("edit updat modify renam chang editar modificar actualizar")
_REMOVING = word_set("delet remov eliminar borrar")
_CRUD_KINDS = 3
_EVENT_CLASS = re.compile(r"\b(?:[A-Z][a-z]+){2,5}Event\b")


def _of_words(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """``@tells-people``, ``@crud-verbs`` and ``@event-type`` for the sentences that say so."""
    for sentence in sentences:
        if sentence.weight <= 0 and sentence.quality <= 0:
            continue
        words = sentence.words
        if not _CHANNELS.isdisjoint(words) and _said(words, _TELLING):
            yield _beside(sentence, "@tells-people")
        if not _CREATING.isdisjoint(words):
            kinds = sum(_said(words, verbs) for verbs in (_CREATING, _CHANGING, _REMOVING))
            if kinds == _CRUD_KINDS:
                yield _beside(sentence, "@crud-verbs")
        if _names_event(sentence):
            yield _beside(sentence, "@event-type")


def _names_event(sentence: Sentence) -> bool:
    """``OrderPlacedEvent`` or ``order.placed``, the only kind of token with a full stop in it."""
    if "Event" in sentence.text and _EVENT_CLASS.search(sentence.text):
        return True
    return "." in sentence.text[:-1] and any(
        "." in token and len(token) > 1 for token in sentence.tokens
    )


def _said(words: Sequence[str], wanted: frozenset[str]) -> bool:
    """Whether one of the stems ``wanted`` stands in the sentence and is not denied."""
    if wanted.isdisjoint(words):
        return False
    return any(word in wanted and not negated(words, place) for place, word in enumerate(words))


def _beside(sentence: Sentence, feature: str) -> Sentence:
    return replace(sentence, text=feature, words=tuple(stems(feature)), tokens=(), lower=())
