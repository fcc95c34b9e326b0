"""What nodewright alerts on in its own ``serve``: like is compared with like.

`MonitoringThresholds` has the documented limits for what a user records. They fit no installation
by themselves: a speed-up of 2.5 is out of reach of two cores, and a run of forty nodes may take
longer than five seconds. So ``serve`` watches shares of what is possible, durations of a node,
what runs have chosen, and whether the parts work. Each limit is a setting.
"""

import difflib
from collections.abc import Mapping
from dataclasses import replace

from nodewright.monitoring import instruments
from nodewright.monitoring.errors import MetricError
from nodewright.monitoring.instruments import Instrument
from nodewright.monitoring.rules import RATIO, SECONDS, STATUS, AlertRule


def _rule(
    instrument: Instrument,
    component: str,
    unit: str,
    limits: tuple[float, float],
    says: str,
    *,
    above: bool = True,
    for_s: float = 0.0,
) -> AlertRule:
    return AlertRule(
        metric=instrument.name,
        component=component,
        above=above,
        unit=unit,
        warning=limits[0],
        critical=limits[1],
        for_s=for_s,
        says=says,
    )


# The name of a limit in the settings -> its rule. A part has to be unwell at two checks in a row.
_RULES: Mapping[str, AlertRule] = {
    "health": _rule(
        instruments.HEALTH, "health", STATUS, (0.5, 1.5), "the {part} is {value}", for_s=20.0
    ),
    "failed_nodes": _rule(
        instruments.FAILED_NODES,
        "generation",
        RATIO,
        (0.0, 0.5),
        "{value} of the nodes of {package} were not delivered by its latest run",
    ),
    "node_seconds": _rule(
        instruments.NODE_P95,
        "generation",
        SECONDS,
        (30.0, 60.0),
        "one node in twenty takes {value} or longer; the limit is {limit}",
    ),
    "parallel_efficiency": _rule(
        instruments.EFFICIENCY,
        "generation",
        RATIO,
        (0.5, 0.25),
        "large runs reach {value} of the speed-up that their cores can give; the limit is {limit}",
        above=False,
    ),
    "chosen_mixins": _rule(
        instruments.CHOSEN_MIXINS,
        "mixins",
        RATIO,
        (0.9, 0.75),
        "the mixins that runs have chosen work together in {value} of their records; "
        "the limit is {limit}",
        above=False,
    ),
    "pattern_precision": _rule(
        instruments.PRECISION,
        "patterns",
        RATIO,
        (0.85, 0.80),
        "{value} of the judged patterns were correct; the limit is {limit}",
        above=False,
    ),
    "event_success": _rule(
        instruments.EVENT_SUCCESS,
        "events",
        RATIO,
        (0.95, 0.90),
        "{value} of the events succeeded; the limit is {limit}",
        above=False,
    ),
    "event_seconds": _rule(
        instruments.EVENT_P95,
        "events",
        SECONDS,
        (0.2, 0.3),
        "one event in twenty takes {value} or longer; the limit is {limit}",
    ),
}

GUIDE = "docs/operations.md"
"""The guide that says what to do about an alert, in a section for each."""


def product_rules(
    thresholds: Mapping[str, tuple[float, float]] | None = None, *, guide: str = GUIDE
) -> tuple[AlertRule, ...]:
    """The rules of ``serve``.

    Args:
        thresholds: name -> (warning, critical), in place of the usual ones; the names are those
            of the setting ``alert_thresholds``.
        guide: the address of the operations guide.

    Raises:
        MetricError: there is no limit of such a name; the message has names that are near.
    """
    given = dict(thresholds or {})
    for name in given:
        if name not in _RULES:
            near = difflib.get_close_matches(name, _RULES, n=2) or sorted(_RULES)
            raise MetricError(
                f"alert_thresholds has no limit {name!r}; did you mean {' or '.join(near)}?"
            )
    rules = []
    for name, rule in _RULES.items():
        warning, critical = given.get(name, (rule.warning, rule.critical))
        advice = f"{guide}#alert-{name.replace('_', '-')}"
        rules.append(replace(rule, warning=warning, critical=critical, advice=advice))
    return tuple(rules)
