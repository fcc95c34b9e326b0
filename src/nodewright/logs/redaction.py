"""Take secrets out of entries, by the name of their key and by their look.

Every entry is looked at. The usual one pays a few byte searches (`suspicious`); only an entry that
might hold a secret is decoded, walked and encoded again.
"""

import datetime as dt
import decimal
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from gc import is_tracked
from itertools import pairwise
from pathlib import PosixPath
from typing import Any

from nodewright.logs import encode

MARK = "[redacted]"

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset(
    {"password", "passwords", "passwd", "pwd", "passphrase", "secret", "secrets", "token", "jwt"}
    | {"credential", "credentials", "authorization", "cookie", "cookies", "apikey", "bearer"}
    | {"passcode", "privatekey", "accesskey", "secretkey", "authtoken", "accesstoken", "pin", "cvv"}
)
_KEY_OWNERS = frozenset(
    {"api", "private", "access", "secret", "encryption", "signing", "master", "auth"}
)
# A last word that says the value is about a secret and none itself: token_count, secret_name.
_ABOUT = frozenset(
    {"count", "counts", "type", "limit", "usage", "length", "size", "expires", "expiry", "ttl"}
    | {"name", "present", "required", "enabled", "valid", "version", "budget", "path", "file"}
)
_NAMES = (
    r"(?:password|passwd|pwd|passphrase|secret|token|credentials?|api[-_ ]?key|apikey"
    r"|access[-_ ]?key|private[-_ ]?key|authorization|cookie)"
)
# What must be in a text (in lower case) before the patterns are worth running.
_HINTS = (
    *("passw", "pwd", "passphrase", "secret", "token", "credential", "key", "authorization"),
    *("cookie", "bearer", "basic ", "eyj", "akia", "asia"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xox", "k_live_", "k_test_", "sk-"),
)
# How the tokens of GitHub, Slack, Stripe and OpenAI begin, and the least they are long.
_TOKEN = re.compile(r"gh[pousr]_|github_pat_|xox[a-z]-|[rs]k_(?:live|test)_|sk-")
_TOKEN_LENGTH = 20
# A text may be made to be searched for ever: what can begin anywhere in a long run of characters
# and needs its end is looked for once a run, by a function, and not from each beginning.
_RUN = re.compile(r"[^\s\"'<>]+")
_USER = re.compile(r"\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"'<>]*:", re.IGNORECASE)
_DOTTED = re.compile(r"[\w.-]{12,}")
_JWT_START = re.compile(r"(?:\A|(?<=-))eyJ[\w-]{4}")
_LEAST_CLAIMS = 4
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL),
        MARK,
    ),
    (re.compile(r"\b(Bearer|BEARER|Basic|BASIC)\s+[\w.~+/=-]{6,}"), rf"\1 {MARK}"),
    (
        re.compile(
            rf"(?<![a-z0-9])((?:[\w-]{{0,64}}[_-])?{_NAMES}[\"']?\s*(?:=|:(?!//))\s*)"
            rf"(?!\[redacted\])(?:\"[^\"]*\"|'[^']*'|[^\s,;&\"'}}\])]+)",
            re.IGNORECASE,
        ),
        rf"\1{MARK}",
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), MARK),
    (re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})"), MARK),
    (re.compile(r"\bxox[a-z]-[\w-]{15,}"), MARK),
    (re.compile(r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,}"), MARK),
    # Names may begin with sk- too, such as sk-learn-..., but hold no capitals and digits.
    (re.compile(r"(?<![\w-])sk-(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{20,}"), MARK),
)


@dataclass(frozen=True, slots=True)
class Redaction:
    """What counts as secret beside the usual names and patterns.

    Attributes:
        enabled: False leaves entries as they are.
        keys: further names of keys whose values are secret, in any case.
        patterns: further regular expressions; what they match becomes ``[redacted]``.
        allow: names of keys that are never secret, though they look it.
    """

    enabled: bool = True
    keys: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


class Redactor:
    """Finds and replaces the secrets of encoded entries.

    Raises:
        ValueError: a further pattern is no regular expression.
    """

    def __init__(self, rules: Redaction = Redaction()) -> None:
        self.enabled: bool = rules.enabled
        self._keys = frozenset(map(_bare, rules.keys))
        self._allow = frozenset(map(_bare, rules.allow))
        try:
            self._further = tuple((re.compile(pattern), MARK) for pattern in rules.patterns)
        except re.error as error:
            raise ValueError(
                f"a redaction pattern is no regular expression: {error.pattern!r}: {error}"
            ) from error
        # The fast way looks only for what the usual patterns need.
        self.usual: bool = rules.enabled and not rules.patterns
        # Keys seen and found harmless; grows only up to a bound, as keys may come from outside.
        self.safe_keys: set[str] = set()

    def is_secret(self, key: str) -> bool:
        """Whether a key of this name holds a secret."""
        bare = _bare(key)
        if bare in self._allow:
            return False
        return bare in self._keys or _looks_secret(key)

    def learn(self, keys: Iterable[str]) -> None:
        """Remember harmless keys, so that the next entry with them takes the fast way."""
        for key in keys:
            if len(self.safe_keys) >= 10_000:  # noqa: PLR2004 - the bound
                return
            if key.__class__ is str and key not in self.safe_keys and not self.is_secret(key):
                self.safe_keys.add(key)

    def clean(self, encoded: bytes) -> bytes:
        """A JSON value without its secrets."""
        if not self.enabled:
            return encoded
        value = encode.loads(encoded)
        cleaned = self._walk(value)
        return encoded if cleaned == value else encode.dumps(cleaned)

    def harmless(self, value: Any) -> bool:  # noqa: C901 - one loop, for each nested entry
        """Whether all keys in a nest of plain dicts and lists are harmless; learns new ones.

        It also bounds what the nest holds: what is shared is counted each time.
        """
        if (
            type(value) is dict
            and self.safe_keys.issuperset(value)
            and _ATOMS.issuperset(map(type, value.values()))
        ):
            return True
        waiting = [value]
        left = 1000  # more than that, or a cycle, is for `clean`
        while waiting:
            nest = waiting.pop()
            left -= len(nest) if type(nest) in _NESTS else 1
            if left < 0:
                return False
            if type(nest) is dict:
                if not self.safe_keys.issuperset(nest):
                    self.learn(nest)
                    if not self.safe_keys.issuperset(nest):
                        return False
                items = nest.values()
            elif type(nest) in _NESTS:
                items = nest
            else:
                return type(nest) in _ATOMS and not waiting
            for item in items:
                if type(item) not in _ATOMS:
                    if type(item) not in _NESTS:
                        return False
                    waiting.append(item)
        return True

    def text(self, text: str) -> str:
        """``text`` without its secrets."""
        if not self.enabled:
            return text
        if "@" in text and "://" in text:
            text = _RUN.sub(_without_password, text)
        if "eyJ" in text:
            text = _DOTTED.sub(_without_jwts, text)
        lowered = text.lower()
        if any(hint in lowered for hint in _HINTS):
            for pattern, replacement in _PATTERNS:
                text = pattern.sub(replacement, text)
        for pattern, replacement in self._further:
            text = pattern.sub(replacement, text)
        return text

    def _walk(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self._value(key, item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._walk(item) for item in value]
        return value

    def _value(self, key: str, value: Any) -> Any:
        if key not in self.safe_keys and self.is_secret(key):
            return MARK if value is not None and not isinstance(value, bool) else value
        return self._walk(value)


def _without_password(run: re.Match[str]) -> str:
    """An address without the password between its user and its last @."""
    text, at = run[0], run[0].rfind("@")
    user = _USER.search(text, 0, at) if at >= 0 else None
    return text if user is None else f"{text[: user.end()]}{MARK}{text[at:]}"


def _without_jwts(run: re.Match[str]) -> str:
    """Words joined by dots without those that are JSON web tokens: header, claims, signature."""
    parts = run[0].split(".")
    kept: list[str] = []
    place = 0
    while place < len(parts):
        claims = parts[place + 1 : place + 2]
        start = _JWT_START.search(parts[place])
        if start and claims and len(claims[0]) >= _LEAST_CLAIMS:
            kept.append(parts[place][: start.start()] + MARK)
            place += 3
        else:
            kept.append(parts[place])
            place += 1
    return ".".join(kept)


# What becomes one JSON value without keys.
_ATOMS = frozenset(
    {str, int, float, bool, type(None), uuid.UUID, PosixPath, decimal.Decimal}
    | {dt.datetime, dt.date, dt.time, dt.timedelta}
)
_NESTS = frozenset({dict, list, tuple})


def suspicious(encoded: bytes, value: Any = None) -> bool:
    """Whether a JSON text might hold a secret by its look; errs on the side of caution.

    What looks like the usual secrets holds = or @ or ": ", or else a capital letter: B (Bearer,
    BEGIN), I (AKIA), J (a JWT's eyJ), or any among the random ones of a vendor's token (of 20
    characters, one in 20,000 has none). Looking for these first is cheap.

    Args:
        encoded: the JSON text.
        value: what was encoded, where it is at hand.
    """
    if not (61 in encoded or 64 in encoded or (32 in encoded and b": " in encoded)):  # noqa: PLR2004
        if encoded.islower():
            return False
        if not (66 in encoded or 73 in encoded or 74 in encoded or _token_in(encoded, value)):  # noqa: PLR2004
            return False
    text = encoded.lower().decode()
    return ("@" in text and "://" in text) or any([hint in text for hint in _HINTS])  # noqa: C419 - a list is faster here


def _token_in(encoded: bytes, value: Any) -> bool:
    """Whether a vendor's token may be in a value; few texts are long and joined enough for one."""
    if type(value) is not dict or is_tracked(value):  # there may be something inside its values
        return _TOKEN.search(encoded.decode()) is not None
    for text in value.values():
        if type(text) is str and len(text) >= _TOKEN_LENGTH and ("_" in text or "-" in text):
            return _TOKEN.search(encoded.decode()) is not None
    return False


def _bare(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())


def _looks_secret(key: str) -> bool:
    if len(key) > 256:  # noqa: PLR2004 - no name of a secret is that long
        return False
    words = [word.lower() for word in _WORDS.findall(key)]
    if not words or words[-1] in _ABOUT:
        return False
    if not _SECRET_WORDS.isdisjoint(words) or _bare(key) in _SECRET_WORDS:
        return True
    pairs = pairwise(words)
    return any(last == "key" and first in _KEY_OWNERS for first, last in pairs)
