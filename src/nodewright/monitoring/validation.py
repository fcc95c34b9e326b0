"""What is recorded, checked: names, label sets, types, values. What is wrong is a `MetricError`."""

import math
import re
from collections.abc import Mapping

from nodewright.monitoring.errors import MetricError, StatusError
from nodewright.monitoring.model import AlertSeverity, MetricType

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_LONGEST = 1024
_RESERVED = {MetricType.HISTOGRAM: "le", MetricType.SUMMARY: "quantile"}


def check_name(name: object) -> None:
    """Refuse what is no name of a metric."""
    if not isinstance(name, str) or len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise MetricError(
            f"metric name {shown(name)} is not valid; use letters, digits, _ and :, "
            "and no digit first"
        )


def plain(text: str) -> str:
    """The characters themselves, also of an enumeration's member that is a string."""
    return str.__str__(text)


def label_value(value: object) -> str:
    """A label's value as text: ``true`` and ``false``, numbers as Python writes them."""
    if isinstance(value, str):
        return plain(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_float(name: str, value: object) -> float:
    """A value as a float; text is none."""
    if isinstance(value, str | bytes):
        raise MetricError(f"the value of {name} is {shown(value)}; give a number")
    try:
        return float(value)  # type: ignore[arg-type]  # what is no number is refused below
    except (TypeError, ValueError, OverflowError) as error:
        raise MetricError(f"the value of {name} is {shown(value)}; give a number") from error


def check_value(name: str, value: float, metric_type: MetricType) -> None:
    """Refuse what the type cannot hold; only a gauge may be infinite."""
    if math.isnan(value):
        raise MetricError(f"the value of {name} is NaN; give a number")
    if value < 0 and metric_type is MetricType.COUNTER:
        raise MetricError(f"counter {name} cannot go down by {-value!r}; use a gauge")
    if math.isinf(value) and metric_type is not MetricType.GAUGE:
        kind = metric_type.value
        raise MetricError(f"the value of {kind} {name} is {value!r}; give a finite number")


def checked_type(name: str, given: object) -> MetricType:
    """A type, also given by its value."""
    try:
        return MetricType(given)
    except ValueError as error:
        known = ", ".join(kind.value for kind in MetricType)
        raise MetricError(f"the type of {shown(name)} is {shown(given)}; use {known}") from error


def checked_severity(given: object) -> AlertSeverity | None:
    """A severity, also given by its value; None stays None."""
    if given is None:
        return None
    try:
        return AlertSeverity(given)
    except ValueError as error:
        known = ", ".join(severity.value for severity in AlertSeverity)
        raise StatusError(f"severity is {shown(given)}; use {known}") from error


def checked_labels(name: str, labels: object, metric_type: MetricType) -> dict[str, str]:
    """Label names and values as plain text; empty values are left out, as Prometheus does."""
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        raise MetricError(
            f"the labels of {name} are {shown(labels)}; give a dict of names and values"
        )
    checked = {}
    for label, text in labels.items():
        if not isinstance(label, str) or len(label) > _LONGEST or not _LABEL.fullmatch(label):
            raise MetricError(
                f"label name {shown(label)} of {name} is not valid; use letters, digits and _, "
                "and no digit first"
            )
        if label.startswith("__") or label == _RESERVED.get(metric_type):
            raise MetricError(f"label name {label} of {name} is reserved; choose another")
        if not isinstance(text, str | int | float):
            raise MetricError(
                f"label {label} of {name} is {shown(text)}; give a string, a number or a boolean"
            )
        said = label_value(text)
        _check_text(f"label {label} of {name}", said)
        if said:
            checked[plain(label)] = said
    return checked


def checked_help(name: str, text: object) -> str:
    """A help text of moderate length."""
    if not isinstance(text, str):
        raise MetricError(f"the help text of {name} is {shown(text)}; give a string")
    _check_text(f"the help text of {name}", text)
    return plain(text)


def _check_text(what: str, text: str) -> None:
    if len(text) > _LONGEST:
        raise MetricError(f"{what} has {len(text)} characters; use {_LONGEST} at most")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MetricError(f"{what} is {text!a}, which is not valid Unicode") from error


def shown(value: object) -> str:
    """A value as an error shows it."""
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:80]}..."  # noqa: PLR2004 - enough to see it
