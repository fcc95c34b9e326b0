"""What is recorded is what a scrape reads back, and memory stays bounded."""

import asyncio
import math
import os
import shutil
import subprocess
import threading
from bisect import bisect_left
from collections import defaultdict
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from nodewright.monitoring import Limits, MetricError, MetricStore, MetricType
from nodewright.monitoring.series import Series

names = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True)
label_names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: name not in {"le", "quantile"}
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
label_sets = st.dictionaries(label_names, texts, max_size=3)
finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
records = st.tuples(names, st.sampled_from(MetricType), label_sets, finite)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def parsed(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found
            found[key] = sample.value
    return found


@given(st.lists(records, max_size=30))
def test_export_is_what_was_recorded(given_records: list) -> None:
    store = MetricStore()
    expected: dict = defaultdict(float)
    histograms: dict = defaultdict(list)
    for name, kind, labels, number in given_records:
        value = abs(number) if kind is MetricType.COUNTER else number
        try:
            store.record(name, value, kind, labels, "help with \\ and \n in it")
        except MetricError as error:
            assert "already" in str(error) or "cannot be recorded" in str(error)  # noqa: PT017
            continue
        shown = frozenset((label, text) for label, text in labels.items() if text)
        if kind is MetricType.COUNTER:
            exported = name if name.endswith("_total") else f"{name}_total"
            expected[exported, shown] += value
        elif kind is MetricType.GAUGE:
            expected[name, shown] = value
        else:
            expected[f"{name}_sum", shown] += value
            expected[f"{name}_count", shown] += 1
            if kind is MetricType.HISTOGRAM:
                histograms[name, shown].append(value)
    found = parsed(store.export())
    for key, value in expected.items():
        assert found.pop(key) == pytest.approx(value, rel=1e-12, abs=1e-3)
    for (name, labels), values in histograms.items():
        for (sample, with_le), count in list(found.items()):
            bound = dict(with_le).get("le")
            if sample == f"{name}_bucket" and with_le - {("le", bound)} == labels:
                assert count == sum(value <= float(bound) for value in values)
                del found[sample, with_le]
    assert all("quantile" in dict(labels) for _, labels in found)


@given(st.lists(finite, min_size=1, max_size=400), st.floats(0, 1))
def test_quantiles_are_within_one_per_cent(values: list[float], q: float) -> None:
    store = MetricStore()
    for value in values:
        store.record("lag", value, MetricType.SUMMARY)
    exact = sorted(values)[math.floor(q * (len(values) - 1))]
    assert store.quantile("lag", q) == pytest.approx(exact, rel=0.01, abs=0)


@pytest.mark.parametrize("value", [5e-324, -5e-324, 1e-40, 1.7e308, -1.7e308, 3.39e38, 0.0, -0.0])
def test_quantiles_hold_over_the_whole_range_of_floats(value: float) -> None:
    store = MetricStore()
    for number in (-1.0, value, value, value, 1.0):
        store.record("lag", number, MetricType.SUMMARY)
    middle = sorted([-1.0, value, value, value, 1.0])[2]
    assert store.quantile("lag", 0.5) == pytest.approx(middle, rel=0.01, abs=0)


def test_quantiles_forget_what_left_the_window() -> None:
    clock = Clock()
    store = MetricStore(Limits(window_s=100), clock=clock)
    store.record("lag", 10.0, MetricType.HISTOGRAM)
    clock.now += 60
    store.record("lag", 1000.0, MetricType.HISTOGRAM)
    assert store.quantile("lag", 0.0) == pytest.approx(10, rel=0.01)
    clock.now += 60
    assert store.quantile("lag", 0.0) == pytest.approx(1000, rel=0.01)
    clock.now += 60
    assert store.quantile("lag", 0.0) is None
    assert store.count("lag") == 2


def test_buckets_include_their_bound() -> None:
    store = MetricStore()
    store.set_buckets("size", (1, 2, 5))
    for value in (1.0, 1.5, 2.0, 5.0, 6.0):
        store.record("size", value, MetricType.HISTOGRAM)
    lines = [line for line in store.export().splitlines() if "bucket" in line]
    assert [line.split()[-1] for line in lines] == ["1", "3", "4", "5"]


@given(st.lists(st.floats(0, 70_000), min_size=1, max_size=300))
def test_buckets_count_alike_in_large_and_small_batches(values: list[float]) -> None:
    at_once, one_by_one = MetricStore(), MetricStore()
    for value in values:
        at_once.record("lag_ms", value, MetricType.HISTOGRAM)
        one_by_one.record("lag_ms", value, MetricType.HISTOGRAM)
        next(one_by_one.each())
    first, second = next(at_once.each()), next(one_by_one.each())
    assert first.counts == second.counts
    expected = [0] * len(first.counts)
    for value in values:
        expected[bisect_left(first.family.bounds, value)] += 1
    assert first.counts == expected


@pytest.mark.parametrize(
    ("name", "value", "kind", "labels", "said"),
    [
        ("1st", 1.0, MetricType.GAUGE, None, "metric name"),
        ("", 1.0, MetricType.GAUGE, None, "metric name"),
        ("a b", 1.0, MetricType.GAUGE, None, "metric name"),
        ("né", 1.0, MetricType.GAUGE, None, "metric name"),
        ("name\n", 1.0, MetricType.GAUGE, None, "metric name"),
        (7, 1.0, MetricType.GAUGE, None, "metric name"),
        ("ok", math.nan, MetricType.GAUGE, None, "NaN"),
        ("ok", math.nan, MetricType.HISTOGRAM, None, "NaN"),
        ("ok", math.inf, MetricType.HISTOGRAM, None, "finite"),
        ("ok", -math.inf, MetricType.COUNTER, None, "cannot go down"),
        ("ok", math.inf, MetricType.COUNTER, None, "finite"),
        ("ok", -1, MetricType.COUNTER, None, "cannot go down"),
        ("ok", "1.5", MetricType.GAUGE, None, "give a number"),
        ("ok", None, MetricType.GAUGE, None, "give a number"),
        ("ok", 10**400, MetricType.GAUGE, None, "give a number"),
        ("ok", 1.0, "dial", None, "type of"),
        ("ok", 1.0, MetricType.GAUGE, {"a-b": "x"}, "label name"),
        ("ok", 1.0, MetricType.GAUGE, {"__a": "x"}, "reserved"),
        ("ok", 1.0, MetricType.HISTOGRAM, {"le": "x"}, "reserved"),
        ("ok", 1.0, MetricType.SUMMARY, {"quantile": "x"}, "reserved"),
        ("ok", 1.0, MetricType.GAUGE, {"a": None}, "give a string"),
        ("ok", 1.0, MetricType.GAUGE, {"a": ["x"]}, "give a string"),
        ("ok", 1.0, MetricType.GAUGE, {1: "x"}, "label name"),
        ("ok", 1.0, MetricType.GAUGE, {"a": "\ud800"}, "Unicode"),
        ("ok", 1.0, MetricType.GAUGE, {"a": "x" * 2000}, "characters"),
        ("ok", 1.0, MetricType.GAUGE, ["a"], "dict of names and values"),
    ],
)
def test_what_is_not_valid_is_refused(
    name: object, value: object, kind: object, labels: object, said: str
) -> None:
    store = MetricStore()
    with pytest.raises(ValueError, match=said):
        store.record(name, value, kind, labels)
    assert not parsed(store.export())


def test_a_name_keeps_its_type_and_its_samples() -> None:
    store = MetricStore()
    store.record("jobs", 1, MetricType.COUNTER)
    with pytest.raises(ValueError, match="is a counter"):
        store.record("jobs", 1, MetricType.GAUGE)
    with pytest.raises(ValueError, match="jobs_total"):
        store.record("jobs_total", 1, MetricType.GAUGE)
    store.record("lag", 1, MetricType.HISTOGRAM)
    with pytest.raises(ValueError, match="lag_sum"):
        store.record("lag_sum", 1, MetricType.GAUGE)
    assert store.value("jobs") == 1


def test_the_order_of_labels_does_not_matter() -> None:
    store = MetricStore()
    store.record("jobs", 1, MetricType.COUNTER, {"a": "1", "b": "2"})
    store.record("jobs", 2, MetricType.COUNTER, {"b": "2", "a": "1"})
    store.record("jobs", 4, MetricType.COUNTER, {"b": "2", "a": "1", "c": ""})
    assert store.value("jobs", {"a": "1", "b": "2"}) == 7
    assert store.stats().series == 1


def test_names_and_values_of_labels_are_not_mixed_up() -> None:
    store = MetricStore()
    store.record("jobs", 1, MetricType.COUNTER, {"a": "b", "c": "d"})
    store.record("jobs", 2, MetricType.COUNTER, {"a": "c", "b": "d"})
    assert store.value("jobs", {"a": "b", "c": "d"}) == 1
    assert store.value("jobs", {"a": "c", "b": "d"}) == 2


def test_members_of_string_enumerations_are_their_values() -> None:
    class Kind(str, Enum):  # noqa: UP042 - its str() is not its value
        EFFECT = "effect"

    store = MetricStore()
    for _ in range(2):
        store.record("jobs", 1, MetricType.COUNTER, {"kind": Kind.EFFECT})
    assert store.value("jobs", {"kind": "effect"}) == 2


def test_random_labels_end_in_one_overflow_series() -> None:
    store = MetricStore(Limits(series_per_metric=10))
    for number in range(1000):
        store.record("jobs", 1, MetricType.COUNTER, {"user": str(number)})
    stats = store.stats()
    assert stats.series == 11
    assert stats.overflowed == 990
    assert store.value("jobs", {"overflow": "true"}) == 990
    assert sum(parsed(store.export()).values()) == 1000


def test_random_names_are_refused_when_there_are_too_many() -> None:
    store = MetricStore(Limits(metrics=3))
    for name in ("a", "b", "c"):
        store.record(name, 1, MetricType.GAUGE)
    with pytest.raises(ValueError, match="in labels, not in names"):
        store.record("d", 1, MetricType.GAUGE)
    store.record("a", 2, MetricType.GAUGE)


def test_silent_series_expire_and_may_come_back() -> None:
    clock = Clock()
    store = MetricStore(Limits(expiry_s=60), clock=clock)
    labels = {"user": "x"}
    store.record("jobs", 5, MetricType.COUNTER, labels)
    store.record("depth", 1, MetricType.GAUGE)
    clock.now += 50
    store.record("depth", 2, MetricType.GAUGE)
    clock.now += 30
    assert "jobs" not in store.export()
    assert store.value("depth") == 2
    store.record("jobs", 1, MetricType.HISTOGRAM, labels)  # the name is free again
    assert store.count("jobs", labels) == 1


def test_a_value_that_meets_an_expired_series_is_not_lost() -> None:
    clock = Clock()
    store = MetricStore(Limits(expiry_s=60), clock=clock)
    store.record("jobs", 5, MetricType.COUNTER)
    series = next(store.each())
    clock.now += 100
    store.export()
    series.take(1.0)
    store._rescue(series)
    assert store.value("jobs") == 1


def test_threads_lose_nothing() -> None:
    store = MetricStore()
    kinds = (MetricType.COUNTER, MetricType.HISTOGRAM, MetricType.SUMMARY)

    def work(thread: int) -> None:
        for number in range(5_000):
            for kind in kinds:
                store.record(f"x_{kind.value}", 1.0, kind, {"of": str((thread + number) % 3)})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        store.export()
    for kind in kinds:
        values = [store.value(f"x_{kind.value}", {"of": str(n)}) for n in range(3)]
        assert sum(values) == 40_000


def test_unchanged_series_keep_their_text() -> None:
    store = MetricStore()
    store.record("lag", 1, MetricType.HISTOGRAM, {"a": "1"})
    store.record("lag", 1, MetricType.HISTOGRAM, {"a": "2"})
    store.export()
    store.record("lag", 1, MetricType.HISTOGRAM, {"a": "2"})
    found = parsed(store.export())
    assert found["lag_count", frozenset({("a", "1")})] == 1
    assert found["lag_count", frozenset({("a", "2")})] == 2


@pytest.mark.prometheus
@pytest.mark.skipif(
    not shutil.which("promtool") and not os.environ.get("CI"),
    reason="promtool of Debian's prometheus",
)
def test_promtool_accepts_the_text() -> None:
    store = MetricStore()
    hostile = {"text": 'a "quote", a \\ and a\nnew line, ünïcode'}
    names = ("done", "depth_bytes", "load_seconds", "wait_seconds")
    for name, kind in zip(names, MetricType, strict=True):
        for labels in (None, hostile):
            store.record(f"nodewright_{name}", 1.5, kind, labels, "What it is.")
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=store.export(),
        text=True,
        capture_output=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_any_loop_may_record() -> None:
    store = MetricStore()

    async def record() -> None:
        store.record("jobs", 1, MetricType.COUNTER)

    await record()
    await asyncio.to_thread(asyncio.run, record())
    assert store.value("jobs") == 2


def test_a_metric_all_of_whose_series_made_room_is_still_exported() -> None:
    clock = Clock()
    store = MetricStore(Limits(series_per_metric=2, expiry_s=60), clock=clock)
    for of in "ab":
        store.record("jobs", 1, MetricType.COUNTER, {"of": of})
    clock.now += 100
    store.record("jobs", 1, MetricType.COUNTER, {"of": "c"})
    assert 'jobs_total{of="c"} 1' in store.export()


def test_a_value_that_comes_while_its_series_expires_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    store = MetricStore(Limits(expiry_s=60), clock=clock)
    store.record("jobs", 5, MetricType.COUNTER)
    fold = Series.fold

    def fold_and_record(series: Series) -> None:
        fold(series)
        monkeypatch.setattr(Series, "fold", fold)
        series.take(1.0)  # what another thread does between the fold and the mark

    clock.now += 100
    monkeypatch.setattr(Series, "fold", fold_and_record)
    store._registry.sweep(clock.now)
    assert store.value("jobs") == 1
