"""Names for generated code, made from words of the text.

Whatever the text, a name is ASCII, a Python identifier and no keyword. Letters of other scripts
are transliterated, so that a Korean or Chinese document names its nodes by its own words.
"""

import hashlib
import keyword
import re
import sys
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from unicodedata import category

from anyascii import anyascii

from nodewright.language.vocabulary import load_data

_WORD = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# Names of the trade that are one word for all their capitals: OAuth, DPoP, GraphQL, OpenAI.
_ONE_WORD = re.compile(
    r"(?<![A-Za-z])(?:[A-Z](?=[A-Z][a-z])[A-Z][a-z]+[A-Z]?|[A-Z]?[a-z]+(?:QL|SQL|DB|AI|OS|JS))(?![A-Za-z])"
)
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_LONGEST = 48
LONGEST_NAME = 60
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")
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


_SUBTITLE = re.compile(r"\s{0,3}[:：|]\s{1,3}|\s{1,3}[-–—]\s{1,3}|\s{0,3}[(（【]")
_VERSION = re.compile(
    r"(?<![^\W_])(?:[vV]\d{1,4}(?:\.\d{1,4}){0,3}|\d{1,4}(?:[.-]\d{1,4}){1,3})(?![^\W_])"
)
_PACKAGE_WORDS = 4
_LONGEST_PACKAGE = 100


def package_name(product: str, fallback: str = "service") -> str:
    """An import name from the product's own name: whole words, no clash with another package.

    >>> package_name("Specimen Tracker"), package_name("Email"), package_name("")
    ('specimen_tracker', 'email_service', 'service')
    """
    head = next((part for part in _SUBTITLE.split(product[:200]) if words(part)), "")
    noise: list[str] = load_data("titles")["noise"]
    spoken = [word.lower() for word in words(_VERSION.sub(" ", head)) or words(head)]
    meaningful = [word for word in spoken if word not in noise] or spoken
    name = ""
    for word in meaningful[:_PACKAGE_WORDS]:
        longer = f"{name}_{word}" if name and not word.isdigit() else f"{name}{word}"
        if len(longer) > (_LONGEST if name else _LONGEST_PACKAGE):
            break
        name = longer
    if not name:
        return fallback
    name = f"{fallback}_{name}" if name[0].isdigit() else name
    return f"{name}_service" if is_taken(name) else name


def is_taken(name: str) -> bool:
    """Whether an import of ``name`` means something else: a module, a dependency, a keyword."""
    lists: list[list[str]] = load_data("packages")
    known = any(name in listed for listed in lists) or name in sys.stdlib_module_names
    return known or keyword.iskeyword(name) or keyword.issoftkeyword(name)


def pascal(value: object) -> str:
    """A PascalCase Python name: never empty, a keyword, private or longer than 61 characters.

    Capitals inside words stay (``OAuth2Token``), unless the whole text is in capitals. What
    nothing is left of becomes ``Unnamed`` and a digest, so that two such names still differ.

    >>> pascal("user_service"), pascal("USER_SERVICE")
    ('UserService', 'UserService')
    """
    text = str(value)
    parts = [part for part in NOT_IN_NAMES.split(to_ascii(text)) if part]
    if len(parts) > 1 and not any(character.islower() for character in "".join(parts)):
        parts = [part.lower() for part in parts]
    name = "".join(part[0].upper() + part[1:] for part in parts)
    if not name:
        return f"Unnamed{digest_of(text)}" if text else "Unnamed"
    if name[0].isdigit():
        name = f"N{name}"
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 8]}{digest_of(text)}"
    return f"{name}_" if keyword.iskeyword(name) else name


def to_ascii(text: str) -> str:
    """The letters of ``text`` that have a Latin base, without accents."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def digest_of(text: str) -> str:
    """Eight characters that tell texts apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


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
