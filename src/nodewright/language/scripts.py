"""The language of a text by its script and commonest words, and how much of it is read."""

import re
from collections import Counter
from functools import cache
from typing import Any

from nodewright.language.vocabulary import load_data

# Characters of Chinese, Japanese and Korean.
EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_SAMPLE = 6000
_CLEARLY = 1.2
_FEWEST = 2
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")


def is_east_asian(text: str) -> bool:
    """Whether a character of ``text`` is Chinese, Japanese or Korean."""
    return EAST_ASIAN.search(text) is not None


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = load_data("languages")
    return data


@cache
def _scripts() -> tuple[tuple[str, re.Pattern[str], float], ...]:
    """Language, its characters, and the share of the letters that is enough."""
    return tuple(
        (code, re.compile(f"[{chr(int(str(first), 16))}-{chr(int(str(last), 16))}]"), share)
        for code, first, last, share in _data()["scripts"]
    )


@cache
def _stopwords() -> dict[str, frozenset[str]]:
    return {code: frozenset(words.split()) for code, words in _data()["words"].items()}


def language_of(text: str) -> str:
    """An ISO 639-1 code; ``en`` where nothing speaks for another.

    >>> language_of("Das System muss die Fahrkarten verkaufen."), language_of("会议室预订系统")
    ('de', 'zh')
    """
    sample = text[:_SAMPLE]
    letters = len(_LETTER.findall(sample)) or 1
    for code, characters, share in _scripts():
        if len(characters.findall(sample)) > share * letters:
            return code
    words = Counter(_WORD.findall(sample.lower()))
    counts = {code: sum(words[word] for word in known) for code, known in _stopwords().items()}
    best = max(counts, key=lambda code: counts[code])
    clear = counts[best] >= _FEWEST and counts[best] > counts["en"] * _CLEARLY
    return best if clear else "en"


def language_warning(code: str) -> str | None:
    """What to tell of a text in this language, None where all of it is read.

    >>> language_warning("en") is None
    True
    """
    read = _data()["read"].get(code)
    name = _data()["names"].get(code, code)
    if read == "full":
        return None
    if read is None:
        return f"the text is in {name}, which is not read: ids, tables and marks are, sentences not"
    return (
        f"the text is in {name}, which is read in part: structure, ids, scope, tables and "
        "entities; sentences may stay open"
    )
