"""Names for generated code, made from words of the text.

Whatever the text, a name is ASCII, a Python identifier and no keyword. Letters of other scripts
are transliterated, so that a Korean or Chinese document names its nodes by its own words.
"""

import hashlib
import keyword
import re
from collections.abc import Collection
from functools import lru_cache
from unicodedata import category

from anyascii import anyascii

_WORD = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# Names of the trade that are one word for all their capitals: OAuth, DPoP, GraphQL, OpenAI.
_ONE_WORD = re.compile(
    r"(?<![A-Za-z])(?:[A-Z](?=[A-Z][a-z])[A-Z][a-z]+[A-Z]?|[A-Z]?[a-z]+(?:QL|SQL|DB|AI|OS|JS))(?![A-Za-z])"
)
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_LONGEST = 48
# Words that onex's own validator refuses inside a class name, and what is said in their place.
_SAID_INSTEAD = {
    "worker": "work",
    "manager": "management",
    "handler": "handling",
    "helper": "help",
    "controller": "control",
    "processor": "processing",
    "service": "offer",
    "utility": "provision",
    "util": "use",
}
# Names that a handler uses itself, and those that onex finds too general for a function.
RESERVED = {
    "handle",
    "reduce",
    "repository",
    "gateway",
    "workflows",
    "steps_of",
    "self",
    "process",
    "execute",
    "run",
    "do",
    "perform",
    "manage",
    "control",
    "work",
    "operate",
    "action",
}
_CAMEL_CASE = re.compile(r"[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+")


def words(text: str) -> list[str]:
    """The words of ``text`` as ASCII letters and digits: ``UserOrder2`` -> User, Order, 2."""
    letters = "".join(" " if category(char).startswith("S") else char for char in text[:500])
    letters = _POSSESSIVE.sub("", letters)
    plain = _ONE_WORD.sub(lambda name: name[0].capitalize(), anyascii(letters))
    return _WORD.findall(plain)


def snake(text: str, fallback: str = "thing") -> str:
    """``text`` as a snake_case identifier of at most 48 characters.

    ``UserService`` gives ``user_service``; text without a letter or digit gives ``fallback``.
    """
    joined = ""
    for word in words(text):
        piece = word.lower() if not joined or word.isdigit() else f"_{word.lower()}"
        if len(joined) + len(piece) > _LONGEST:
            break
        joined += piece
    joined = joined or (words(text)[:1] and words(text)[0].lower()[:_LONGEST]) or fallback
    if joined[0].isdigit():
        joined = f"{fallback}_{joined}"
    return f"{joined}_" if keyword.iskeyword(joined) else joined


def domain_name(text: str, fallback: str = "record") -> str:
    """The name of a domain's nodes: ``text`` in snake_case, in words that onex accepts.

    A name that the text itself writes in one piece, such as ``UserService``, is the author's
    and stays as it is.
    """
    if _CAMEL_CASE.fullmatch(text):
        return snake(text, fallback)
    spoken = [word.lower() for word in words(text)]
    accepted = [_accepted(word) for word in spoken]
    meaningful = [word for word, said in zip(spoken, accepted, strict=True) if word == said]
    # "User service" is about users; only "Service" alone needs another word.
    return snake(" ".join(meaningful or accepted), fallback)


@lru_cache(maxsize=4096)
def accepted_name(text: str, fallback: str = "record") -> str:
    """``text`` in snake_case, each word that onex refuses replaced: ``UserService`` -> user_offer.

    Other than ``domain_name`` it drops no word, so that different names stay different; what is
    too long ends with a digest of all of it.
    """
    spoken = " ".join(_accepted(word.lower()) for word in words(text))
    if len(spoken) <= _LONGEST:
        return snake(spoken, fallback)
    digest = hashlib.sha256(spoken.encode()).hexdigest()[:6]
    return f"{snake(spoken[: _LONGEST - 7], fallback)}_d{digest}"


def _accepted(word: str) -> str:
    for refused, instead in _SAID_INSTEAD.items():
        if refused in word:
            return instead
    return word


def pascal(name: str) -> str:
    """A snake_case ``name`` in PascalCase: ``user_service`` -> ``UserService``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def unique(name: str, taken: Collection[str]) -> str:
    """``name``, or ``name_2``, ``name_3`` ... where it is taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def shorten(text: str, length: int = 160) -> str:
    """``text`` on one line, cut at a word where it is longer than ``length`` characters."""
    line = " ".join(printable(text).split())
    if len(line) <= length:
        return line
    cut = line[: length - 1].rsplit(" ", 1)[0]
    return f"{cut[: length - 1]}…"


def printable(text: str) -> str:
    """``text`` with control, bidirectional and surrogate characters replaced by spaces."""
    return "".join(char if char.isprintable() or char == " " else " " for char in text)
