"""Lengths of time in words: "15 minutes", "two hours", "48 h", "a week", "every night"."""

import re
from dataclasses import dataclass
from datetime import time, timedelta

from nodewright.language.worded import Worded

_NUMBERS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
} | {
    "a": 1,
    "an": 1,
    "the": 1,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "sixty": 60,
    "ninety": 90,
}
_UNITS = {
    "second": "seconds", "sec": "seconds", "s": "seconds",
    "minute": "minutes", "min": "minutes",
    "hour": "hours", "h": "hours", "hr": "hours",
    "day": "days", "d": "days",
    "week": "weeks",
}  # fmt: skip
_LENGTH = re.compile(
    r"(?<![^\W_])(?P<number>\d+(?:\.\d+)?|[a-z]+)[ -]?"
    r"(?P<unit>(?:second|sec|minute|min|hour|hr|day|week)s?|[smhd])\b",
    re.IGNORECASE,
)
_MONTHS = re.compile(
    r"(?<![^\W_])(?P<number>\d+|[a-z]+)[ -](?P<unit>months?|years?)\b", re.IGNORECASE
)
_DAYS = {"month": 30, "year": 365}


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time: ``text`` as an expression of a specification (``minutes(15)``)."""

    text: str
    value: timedelta


def duration_in(text: str) -> Length | None:
    """The first length of time in ``text``.

    >>> duration_in("not paid within 15 minutes").text
    'minutes(15)'
    """
    for found in _LENGTH.finditer(text):
        number = _number(found["number"])
        unit = _UNITS[_unit(found["unit"])]
        if number is not None:
            return Length(f"{unit}({number:g})", timedelta(**{unit: number}))
    months = _MONTHS.search(text)
    if months and (number := _number(months["number"])) is not None:
        days = number * _DAYS[months["unit"].lower().rstrip("s")]
        return Length(f"days({days:g})", timedelta(days=days))
    return None


def _unit(word: str) -> str:
    low = word.lower()
    return low if low in _UNITS else low.rstrip("s")


def _number(word: str) -> float | None:
    if word[0].isdigit():
        return float(word)
    known = _NUMBERS.get(word.lower())
    return float(known) if known is not None else None


# Words of a repeated time -> how often, and at what time of the day where they say so.
_EVERY = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "night": timedelta(days=1),
    "morning": timedelta(days=1),
    "evening": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
_ADVERBS = {
    "hourly": "hour", "daily": "day", "nightly": "night", "weekly": "week", "monthly": "month",
}  # fmt: skip
_PERIOD = Worded(r"\b<each_time>\s+(?P<number>\d+|[a-z]+)?\s*(?P<unit><period>)s?\b")
_ADVERB = re.compile(rf"\b(?P<word>{'|'.join(_ADVERBS)})\b", re.IGNORECASE)
_CLOCK = re.compile(
    r"\bat\s+(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>am|pm)?\b", re.IGNORECASE
)
_NAMED_TIMES = {"midnight": time(0), "noon": time(12)}


@dataclass(frozen=True, slots=True)
class Period:
    """How often something happens; ``at`` is its time of the day where the text names one."""

    every: timedelta
    at: time | None
    words: str


def period_in(text: str) -> Period | None:
    """How often ``text`` says that something happens.

    >>> period_in("reminders every 15 minutes").every
    datetime.timedelta(seconds=900)
    """
    found = _PERIOD.search(text)
    if found:
        unit = found["unit"].lower()
        number = _number(found["number"]) if found["number"] else 1.0
        if number is None:
            return None
        every = timedelta(seconds=1) if unit == "second" else _EVERY[unit]
        return Period(every * number, _time_in(text), found[0])
    adverb = _ADVERB.search(text)
    if adverb:
        return Period(_EVERY[_ADVERBS[adverb["word"].lower()]], _time_in(text), adverb[0])
    return None


def _time_in(text: str) -> time | None:
    for word, named in _NAMED_TIMES.items():
        if re.search(rf"\bat {word}\b", text, re.IGNORECASE):
            return named
    found = _CLOCK.search(text)
    if not found:
        return None
    hour = int(found["hour"]) % 24
    if found["half"] and found["half"].lower() == "pm" and hour < 12:
        hour += 12
    return time(hour, int(found["minute"] or 0) % 60)
