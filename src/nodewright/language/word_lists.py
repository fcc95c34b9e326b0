"""Lists of words that are kept as data, by the file and the key they stand under."""

from functools import cache

from nodewright.language.lexicon import stems
from nodewright.language.vocabulary import load_data


@cache
def words_of_list(name: str, key: str) -> frozenset[str]:
    """The words under ``key`` of ``data/name.yaml``."""
    return frozenset(load_data(name)[key])


@cache
def stems_of_list(name: str, key: str) -> frozenset[str]:
    """Stems of the words under ``key`` of ``data/name.yaml``."""
    return frozenset(stem for word in words_of_list(name, key) for stem in stems(word))
