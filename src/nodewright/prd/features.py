"""What the structure of a document says, as terms that patterns can name as evidence."""

from collections.abc import Iterable

from nodewright.patterns.lexicon import stems
from nodewright.prd.models import Endpoint, ExternalSystem
from nodewright.prd.statements import Sentence
from nodewright.prd.systems import system_kind

_SERVICES = frozenset(
    ("payment", "messaging", "ai", "maps", "identity", "saas", "finance", "blockchain", "service")
)
_CRUD_METHODS = frozenset(("POST", "PUT", "PATCH", "DELETE"))


def feature_sentences(
    systems: Iterable[ExternalSystem], endpoints: Iterable[Endpoint]
) -> list[Sentence]:
    """One sentence a feature: ``@external-service``, ``@endpoint-crud``, ``@endpoint-put`` ..."""
    found = [
        _sentence("@external-service", system.lines[0])
        for system in systems
        if system_kind(system.name) in _SERVICES
    ]
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
