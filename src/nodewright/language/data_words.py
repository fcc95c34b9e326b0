"""Words that speak of fields: types, names that suggest them, headers of tables."""

from functools import cache
from typing import cast

from nodewright.language.lexicon import word_set
from nodewright.language.vocabulary import load_data


@cache
def field_words(kind: str) -> frozenset[str]:
    """The words of one list of ``data/fields.yaml``."""
    return word_set(cast("dict[str, str]", load_data("fields"))[kind].lower())


@cache
def field_word_table(kind: str) -> dict[str, str]:
    """One of its tables turned round: word -> what it says; the first wins.

    >>> field_word_table("types")["varchar"]
    'text'
    """
    table: dict[str, dict[str, str]] = load_data("fields")
    found: dict[str, str] = {}
    for meaning, words in table[kind].items():
        for word in words.lower().split():
            found.setdefault(word, meaning)
    return found
