"""Find thousands of terms in a text in one pass over its words.

A text becomes a list of stems: words without case and common English endings, single characters
for Chinese, Japanese and Korean (which need no word borders), and the punctuation that ends a
clause. Terms are stemmed the same way and kept in a trie, so that the time depends on the length
of the text and not on the number of terms.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

# Latin words, single characters of Chinese, Japanese and Korean, punctuation, other words.
_TOKEN = re.compile(r"[A-Za-z0-9À-ɏ]+|[぀-ヿ㐀-鿿가-힣]|[.,;:!?()|。，；：、]|[^\W_぀-ヿ㐀-鿿가-힣]+")
# Tokens of more than one word: order.created, @endpoint-post (which the analysis puts in), and
# routes that say more than their words.
_EVENT = r"(?<![^\W_])[^\W_]++(?:\.[a-z]+){0,3}\.(?:[a-z]+ed|sent)\b"
_JOINED = re.compile(rf"{_EVENT}|[@#][a-z]+(?:-[a-z]+)*|/(?:metrics|healthz?|readyz|livez)\b")
_PAST = re.compile(r"\.(?:[a-z]+ed|sent)\b")
_MEMO_LIMIT = 200_000
_LONGEST = 8
_ACCENTS = str.maketrans("áéíóúüàèìòùâêîôûäöçñã", "aeiouuaeiouaeiouaocna")

_INVARIANT = frozenset(
    ("cors", "https", "kubernetes", "analytics", "redis", "news", "need", "feed")
)

CLAUSE_ENDS = frozenset(".;:!?|。；：()")
COMMAS = frozenset(",，、")


class _Memo(dict[str, str]):
    """Word -> stem; forgets all when it has grown too large for a hostile text's sake."""

    def __missing__(self, word: str) -> str:
        if len(self) > _MEMO_LIMIT:
            self.clear()
        stem = self[word] = _stem(word)
        return stem


def _stem(word: str) -> str:
    """Cut the endings that a term's forms differ by: ``retries``, ``retrying`` -> ``retry``."""
    word = word.lower().translate(_ACCENTS)
    if len(word) < 4 or word in _INVARIANT or not word.isascii() or not word.isalpha():
        return word
    for ending, replacement, shortest in (
        ("ies", "y", 5),
        ("ied", "y", 5),
        ("sses", "ss", 6),
        ("xes", "x", 5),
        ("ches", "ch", 6),
        ("shes", "sh", 6),
    ):
        if word.endswith(ending) and len(word) >= shortest:
            return word[: -len(ending)] + replacement
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "slz":
                word = word[:-1]
            break
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return word


_STEMS = _Memo()


def word_set(text: str) -> frozenset[str]:
    """The words of ``text`` between spaces."""
    return frozenset(text.split())


def tokens(text: str) -> list[str]:
    """Words, single East Asian characters and clause punctuation of ``text``, unchanged."""
    if not ("@" in text or "#" in text or "/" in text or _PAST.search(text)):
        return _TOKEN.findall(text)
    found: list[str] = []
    position = 0
    for joined in _JOINED.finditer(text):
        found += _TOKEN.findall(text, position, joined.start())
        found.append(joined[0])
        position = joined.end()
    return found + _TOKEN.findall(text, position)


def stems(text: str) -> list[str]:
    """Stems of the tokens of ``text``."""
    return list(map(_STEMS.__getitem__, tokens(text)))


def stems_of(words: Iterable[str]) -> tuple[str, ...]:
    """Stems of tokens."""
    return tuple(map(_STEMS.__getitem__, words))


class Hit(NamedTuple):
    """A term found: ``payload`` at token positions ``start`` to ``end`` (exclusive)."""

    start: int
    end: int
    payload: Any


class Lexicon:
    """Terms, each with any payload; a term may be entered more than once.

    Args:
        entries: (term, payload) pairs.
        exact: match lower-case words as they are instead of stems.
    """

    def __init__(self, entries: Iterable[tuple[str, Any]], *, exact: bool = False) -> None:
        self._root: dict[str, Any] = {}
        for term, payload in entries:
            words = [word.lower() for word in tokens(term)] if exact else stems(term)
            if not words:
                continue
            node = self._root
            for word in words:
                node = node.setdefault(word, {})
            node.setdefault("", []).append(payload)

    def find(self, words: Sequence[str], *, nested: bool = False) -> list[Hit]:
        """The longest term at each position of ``words`` (stems, or lower-case words).

        Args:
            words: what to search.
            nested: also the shorter terms that begin at the same position, before the longest.
        """
        hits: list[Hit] = []
        root = self._root
        for start in [place for place, word in enumerate(words) if word in root]:
            node = root[words[start]]
            end = start + 1
            payloads = node.get("")
            if payloads is not None:
                if len(node) == 1:
                    hits += [Hit(start, end, payload) for payload in payloads]
                    continue
                found = [(end, payloads)]
            else:
                found = []
            for following in words[end : end + _LONGEST]:
                node = node.get(following)
                if node is None:
                    break
                end += 1
                if "" in node:
                    found.append((end, node[""]))
            for last, payloads in found if nested else found[-1:]:
                hits += [Hit(start, last, payload) for payload in payloads]
        return hits
