"""Words that choose order and number of records: "newest first", "top 10", "20 per page"."""

import re

LATEST = re.compile(
    r"\b(?:newest|latest|most recent)(?:\s+\w+)?\s+(?:first|on top|at the top)\b|"
    r"\breverse[- ]chronological(?: order)?",
    re.IGNORECASE,
)
OLDEST = re.compile(
    r"\b(?:oldest|earliest)(?:\s+\w+)?\s+first\b|\bchronological(?:ly)?(?: order)?", re.IGNORECASE
)
FIRST = re.compile(
    r"\b(?P<extreme>highest|lowest|largest|smallest|cheapest|most expensive|most|best|shortest|"
    r"longest)\s+(?P<what>[\w ]{0,30}?)\s*first\b",
    re.IGNORECASE,
)
SORTED = re.compile(
    r"\b(?:sorted|ordered|sort|order|ranked|rank|sortable)\s+(?:them\s+)?(?P<mark>by)\s+"
    r"(?P<what>[\w -]{2,40}?)(?P<way>,?\s*(?:in\s+)?(?:de|a)scending(?:\s+order)?)?(?=$|[,.;)])",
    re.IGNORECASE,
)
PER_PAGE = re.compile(
    r",?\s*\b(?:(?:with|at|in)\s+)?(?P<number>\d{1,4})\s+(?:\w+\s+)?(?:per|a)\s+page\b|"
    r"\b(?:in\s+)?pages\s+of\s+(?P<size>\d{1,4})\b",
    re.IGNORECASE,
)
PAGED = re.compile(
    r",?\s*\b(?:with\s+)?(?:paginat(?:ed|ion)|paged|paging|page by page|in pages)\b", re.IGNORECASE
)
TOP = re.compile(
    r"\b(?P<end>top|first|last|latest|newest|most recent)\s+(?P<number>\d{1,4}|N|ten|five|three)\b",
    re.IGNORECASE,
)
TOP_BY = re.compile(
    r"\btop\s+\w+\s+[\w ]{2,40}?\s(?P<mark>by)\s+(?P<what>[\w ]{2,40})$", re.IGNORECASE
)


def without_ordering(text: str) -> str:
    """``text`` without the words of order, number and pages.

    >>> without_ordering("orders of a guest, newest first, 20 per page")
    'orders of a guest'
    """
    for pattern in (LATEST, OLDEST, FIRST, SORTED, PER_PAGE, PAGED, TOP):
        text = pattern.sub("", text)
    text = re.sub(r"\(\s*\)", "", text)
    return re.sub(r"\s+,|,\s*,", ",", re.sub(r"\s{2,}", " ", text)).strip(" ,")
