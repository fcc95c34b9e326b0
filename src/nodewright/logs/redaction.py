"""Take secrets out of entries, by the name of their key and by their look.

Every entry is looked at. The usual one pays one search for bytes that a secret needs
(`HARMLESS`, `suspicious`); only an entry that might hold a secret is decoded, walked and encoded
again.
"""

import datetime as dt
import decimal
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from gc import is_tracked
from pathlib import PosixPath
from typing import TYPE_CHECKING, Any

from nodewright.logs import encode
from nodewright.logs.secret_texts import MARK, TOKEN_LENGTH, Texts, may_name_secret, token_in
from nodewright.logs.secrets import COUNTED, bare, names_a_secret

if TYPE_CHECKING:
    from orjson import Fragment

_MOST_KEYS = 10_000  # keys may come from outside
_MOST_NESTED = 1000
_LENGTH_OF_A_PAIR = 2
# Fields that say which name the value beside them has: {"name": "password", "value": "..."}.
_NAMING = ("name", "key", "header")


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

    Attributes:
        enabled: whether anything is taken out.
        usual: whether the fast way, which looks only for the usual secrets, is enough.
        safe_keys: keys seen and found harmless.
        frames: frames of exceptions once cleaned and encoded: file, function, line -> JSON.

    Raises:
        ValueError: a further pattern is no regular expression.
    """

    def __init__(self, rules: Redaction = Redaction()) -> None:
        self.enabled: bool = rules.enabled
        self._keys = frozenset(map(bare, rules.keys))
        self._allow = frozenset(map(bare, rules.allow))
        try:
            further = tuple(re.compile(pattern) for pattern in rules.patterns)
        except re.error as error:
            raise ValueError(
                f"a redaction pattern is no regular expression: {error.pattern!r}: {error}"
            ) from error
        self._texts = Texts(self.is_secret, further)
        self.usual: bool = rules.enabled and not rules.patterns
        self.safe_keys: set[str] = set()
        self.frames: dict[tuple[str, str, int], Fragment] = {}

    def is_secret(self, key: str) -> bool:
        """Whether a key of this name holds a secret."""
        if self._allow or self._keys:
            plain = bare(key)
            if plain in self._allow:
                return False
            if plain in self._keys:
                return True
        return names_a_secret(key)

    def learn(self, keys: Iterable[str]) -> None:
        """Remember harmless keys, so that the next entry with them takes the fast way."""
        for key in keys:
            if len(self.safe_keys) >= _MOST_KEYS:
                return
            if key.__class__ is str and key not in self.safe_keys and not self._is_of_note(key):
                self.safe_keys.add(key)

    def clean(self, encoded: bytes) -> bytes:
        """A JSON value without its secrets."""
        if not self.enabled:
            return encoded
        value = encode.loads(encoded)
        cleaned = self._walk(value)
        return encoded if cleaned == value else encode.dumps(cleaned)

    def harmless(self, value: Any) -> bool:  # noqa: C901, PLR0911 - one loop, for each nested entry
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
        left = _MOST_NESTED  # more than that, or a cycle, is for `clean`
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
                if len(nest) == _LENGTH_OF_A_PAIR and not self._is_safe_pair(nest):
                    return False
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
        return self._texts.clean(text) if self.enabled else text

    def _is_of_note(self, key: str) -> bool:
        """Whether an entry with this key must be walked: beside it may stand a secret's name."""
        return key == "value" or self.is_secret(key)

    def _is_safe_pair(self, pair: Any) -> bool:
        first = pair[0]
        if type(first) is not str or first in self.safe_keys:
            return True
        self.learn((first,))
        return first in self.safe_keys

    def _walk(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            cleaned = {key: self._value(key, item) for key, item in value.items()}
            if "value" in value and any(self._names_secret(value.get(key)) for key in _NAMING):
                cleaned["value"] = _marked(value["value"])
            return cleaned
        if isinstance(value, list):
            if len(value) == _LENGTH_OF_A_PAIR and self._names_secret(value[0]):
                return [value[0], _marked(value[1])]
            return [self._walk(item) for item in value]
        return value

    def _value(self, key: str, value: Any) -> Any:
        if key not in self.safe_keys and self.is_secret(key):
            return value if key.lower() in COUNTED and _is_number(value) else _marked(value)
        return self._walk(value)

    def _names_secret(self, name: Any) -> bool:
        return isinstance(name, str) and name not in self.safe_keys and self.is_secret(name)


def _marked(value: Any) -> Any:
    """What stands in the place of a secret. None and truth values say that there is, or is none."""
    return value if value is None or isinstance(value, bool) else MARK


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


# What becomes one JSON value without keys.
_ATOMS = frozenset(
    {str, int, float, bool, type(None), uuid.UUID, PosixPath, decimal.Decimal}
    | {dt.datetime, dt.date, dt.time, dt.timedelta}
)
_NESTS = frozenset({dict, list, tuple})

# Bytes of JSON that no secret needs: a flat dict's JSON without them is its colons.
HARMLESS = b'{}[],"_-./0123456789abcdefghijklmnopqrstuvwxyz'
# Of the others, those that join nothing to a secret by themselves.
_NO_SIGN = b": ABCDEFGHIJKLMNOPQRSTUVWXYZ()+*!?#$%&;~|^"
# After these a secret may stand without any other sign: schemes, and flags.
_BEFORE = ("earer ", "oken ", "ey ", "--")
# So begin secrets that need no name, by the capital letter that they hold.
_B_BEGINNINGS = ("BEGIN ", "Bearer", "BEARER", "Basic", "BASIC")
_I_BEGINNINGS = ("AKIA", "ASIA", "AIza")


def suspicious(encoded: bytes, value: Any = None, spare: bytes | None = None) -> bool:
    """Whether a JSON text might hold a secret by its look; errs on the side of caution.

    A name is joined to its secret by one of a few signs, and is one of a few words. A token without
    a name holds a capital letter: those of vendors are random, and of 20 characters one in 20,000
    has none. Looking for single bytes first is cheap.

    Args:
        encoded: the JSON text.
        value: what was encoded, where it is at hand.
        spare: the JSON text without `HARMLESS` bytes, where it is at hand.
    """
    if spare is None:
        spare = encoded.translate(None, HARMLESS)
    if not spare:
        return False
    text = encoded.decode()
    if (
        spare.translate(None, _NO_SIGN)  # = or @, a quote, a tag, a backslash
        or spare.count(b":") > encoded.count(b'":')
        or (32 in spare and any([sign in text for sign in _BEFORE]))  # noqa: C419, PLR2004 - a space; a list is faster here
    ) and (may_name_secret(text.lower()) or ("@" in text and "://" in text)):
        return True
    return not encoded.islower() and _looks_secret(text, spare, value)


def _looks_secret(text: str, spare: bytes, value: Any) -> bool:
    """Whether a token or key that needs no name may be in a JSON text with capital letters."""
    return (
        (66 in spare and any([each in text for each in _B_BEGINNINGS]))  # noqa: C419, PLR2004 - B
        or (73 in spare and any([each in text for each in _I_BEGINNINGS]))  # noqa: C419, PLR2004 - I
        or (74 in spare and "eyJ" in text)  # noqa: PLR2004 - J
        or _token_in(text, value)
    )


def _token_in(text: str, value: Any) -> bool:
    """Whether a vendor's token may be in a value; few texts are long and joined enough for one."""
    if type(value) is not dict or is_tracked(value):  # there may be something inside its values
        return token_in(text)
    for each in value.values():
        long = type(each) is str and len(each) >= TOKEN_LENGTH
        if long and ("_" in each or "-" in each) and token_in(each):
            return True
    return False
