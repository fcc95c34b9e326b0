"""What the template cache promises, one promise a test."""

import gc
import hashlib
import os
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.templates.caches import CountingLoader, make_cache

from nodewright.errors import NodewrightError
from nodewright.templates import CachedTemplate, TemplateCache
from nodewright.templates import source as source_module
from nodewright.templates.source import Evidence, Stamp, stamp_of

SECOND = 1_000_000_000


class Clock:
    """Nanoseconds that stand still until they are told to move."""

    now = 0

    def __call__(self) -> int:
        return self.now


def settle(
    cache: TemplateCache, file: Path, loader: Callable[[Path], str] = Path.read_text
) -> None:
    """Get until one look at the file is enough for a hit."""
    while True:
        cache.get("t", "EFFECT", file, loader)
        entry = cache._entries.by_key.get(("t", str(file)))
        assert entry is not None
        if entry.evidence.proof is not None:
            return


def test_defaults_are_the_documented_ones() -> None:
    cache = TemplateCache()
    assert (cache.max_templates, cache.max_size_mb, cache.ttl_seconds) == (100, 50, 3600)
    assert cache.enable_persistence
    cache.close()


def test_the_documented_example(file: Path) -> None:
    cache = make_cache()
    arguments = {"template_name": "N", "template_type": "EFFECT", "file_path": file}
    assert cache.get(**arguments, loader_func=lambda p: p.read_text()) == ("content", False)  # type: ignore[arg-type]
    assert cache.get(**arguments, loader_func=lambda p: p.read_text()) == ("content", True)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["max_templates", "max_size_mb", "ttl_seconds"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("-inf")])
def test_a_negative_limit_is_an_error(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name) as caught:
        make_cache(**{name: value})
    assert isinstance(caught.value, NodewrightError)


@pytest.mark.parametrize("native", [True, False])
def test_a_settled_hit_neither_reads_nor_hashes(
    file: Path, monkeypatch: pytest.MonkeyPatch, native: bool
) -> None:
    if not native:
        monkeypatch.setattr(source_module, "_native_stat", lambda: None)
    cache, loader = make_cache(), CountingLoader()
    settle(cache, file, loader)
    monkeypatch.setattr(os, "open", None)
    monkeypatch.setattr(hashlib, "sha256", None)
    assert cache.get("t", "EFFECT", file, loader) == ("content", True)
    assert loader.calls == 1


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("settled", [True, False])
def test_an_edit_that_keeps_size_and_mtime_is_seen(
    file: Path, monkeypatch: pytest.MonkeyPatch, native: bool, settled: bool
) -> None:
    if not native:
        monkeypatch.setattr(source_module, "_native_stat", lambda: None)
    cache = make_cache()
    if settled:
        settle(cache, file)
    else:
        cache.get("t", "EFFECT", file, Path.read_text)
    before = file.stat()
    file.write_text("CONTENT")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert cache.get("t", "EFFECT", file, Path.read_text) == ("CONTENT", False)
    assert cache.stats().invalidations == 1


def test_a_change_within_one_tick_of_a_coarse_clock_is_seen(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that keeps whole minutes: both contents have the same stamp."""
    minute = 60 * SECOND

    def coarse(status: os.stat_result) -> Stamp:
        fine = stamp_of(status)
        times = (time // minute * minute for time in (fine.mtime_ns, fine.ctime_ns))
        return Stamp(*times, fine.size, fine.inode)

    monkeypatch.setattr(source_module, "stamp_of", coarse)
    monkeypatch.setattr(source_module, "look_at", lambda path: lambda: coarse(Path(path).stat()))
    monkeypatch.setattr(source_module, "COARSE_TICK_NS", float("inf"))
    monkeypatch.setattr(source_module, "CLOCK_SKEW_NS", float("inf"))
    cache = make_cache()
    for content in ("first..", "second.", "third.."):
        file.write_text(content)
        assert cache.get("t", "EFFECT", file, Path.read_text) == (content, False)
        assert cache.get("t", "EFFECT", file, Path.read_text) == (content, True)


def test_a_stamp_proves_once_its_tick_is_over(file: Path) -> None:
    old = source_module.read(str(file))
    assert old.stamp is not None
    coarse = old.stamp._replace(ctime_ns=(old.stamp.ctime_ns // SECOND) * SECOND)
    cases = [(old.stamp, source_module.FINE_TICK_NS), (coarse, source_module.COARSE_TICK_NS)]
    for stamp, tick in cases:
        evidence = Evidence(str(file), old._replace(stamp=stamp))
        assert not evidence._settled
        evidence.add(old._replace(stamp=stamp, read_at=old.read_at + tick))
        assert not evidence._settled
        evidence.add(old._replace(stamp=stamp, read_at=old.read_at + tick + 1))
        assert evidence._settled
    hour_old = old.stamp._replace(ctime_ns=old.stamp.ctime_ns - 3600 * SECOND)
    assert Evidence(str(file), old._replace(stamp=hour_old))._settled


def test_touched_but_equal_is_a_hit_and_settles_again(file: Path) -> None:
    cache, loader = make_cache(), CountingLoader()
    settle(cache, file, loader)
    os.utime(file)
    assert cache.get("t", "EFFECT", file, loader) == ("content", True)
    settle(cache, file, loader)
    assert (loader.calls, cache.stats().invalidations) == (1, 0)


@pytest.mark.parametrize("settled", [True, False])
def test_a_deleted_file_raises_and_leaves_the_cache(file: Path, settled: bool) -> None:
    cache = make_cache()
    if settled:
        settle(cache, file)
    else:
        cache.get("t", "EFFECT", file, Path.read_text)
    file.unlink()
    with pytest.raises(FileNotFoundError):
        cache.get("t", "EFFECT", file, lambda _: "never")
    stats = cache.stats()
    assert (stats.cached_templates, stats.total_size_bytes, stats.invalidations) == (0, 0, 1)


def test_a_folder_or_an_unreadable_path_is_the_systems_error(tmp_path: Path) -> None:
    cache = make_cache()
    with pytest.raises(IsADirectoryError):
        cache.get("t", "EFFECT", tmp_path, Path.read_text)
    (tmp_path / "f").touch()
    with pytest.raises(NotADirectoryError):
        cache.get("t", "EFFECT", tmp_path / "f" / "x", Path.read_text)
    with pytest.raises(ValueError, match="null"):
        cache.get("t", "EFFECT", tmp_path / "a\0b", Path.read_text)
    assert cache.stats().misses == 3


def test_a_pipe_is_left_to_the_loader_and_not_kept(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    cache = make_cache()
    assert cache.get("t", "EFFECT", pipe, lambda _: "once") == ("once", False)
    assert cache.get("t", "EFFECT", pipe, lambda _: "more") == ("more", False)


def test_a_loader_must_return_text(file: Path) -> None:
    with pytest.raises(TypeError, match="must return str"):
        make_cache().get("t", "EFFECT", file, Path.read_bytes)  # type: ignore[arg-type]


def test_a_template_larger_than_the_cache_evicts_nothing(file: Path, tmp_path: Path) -> None:
    cache = make_cache(max_size_mb=1)
    cache.get("small", "EFFECT", file, Path.read_text)
    large = tmp_path / "large"
    large.write_text("x" * (3 * 1024 * 1024))
    for _ in range(2):
        content, hit = cache.get("large", "EFFECT", large, Path.read_text)
        assert (len(content), hit) == (3 * 1024 * 1024, False)
    stats = cache.stats()
    assert (stats.cached_templates, stats.total_size_bytes, stats.evictions) == (1, 7, 0)


def test_no_templates_means_nothing_kept(file: Path) -> None:
    cache = make_cache(max_templates=0)
    assert cache.get("t", "EFFECT", file, Path.read_text) == ("content", False)
    assert cache.get("t", "EFFECT", file, Path.read_text) == ("content", False)
    assert cache.get_stats()["capacity_usage_percent"] == 0


def test_size_is_of_utf8(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text("é€\U0001f600", encoding="utf-8")
    cache = make_cache()
    cache.get("t", "EFFECT", path, lambda p: p.read_text(encoding="utf-8"))
    assert cache.stats().total_size_bytes == 9
    cache.get("lone", "EFFECT", path, lambda _: "\ud800")
    assert cache.stats().total_size_bytes == 12


def test_time_to_live(file: Path) -> None:
    clock, loader = Clock(), CountingLoader()
    cache = make_cache(ttl_seconds=10, clock=clock)
    cache.get("t", "EFFECT", file, loader)
    clock.now = 10 * SECOND - 1
    assert cache.get("t", "EFFECT", file, loader)[1]
    clock.now = 10 * SECOND
    assert not cache.get("t", "EFFECT", file, loader)[1]
    assert (loader.calls, cache.stats().expirations) == (2, 1)


def test_one_name_with_two_paths_is_two_templates(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("other")
    cache, loader = make_cache(), CountingLoader()
    for _ in range(10):
        assert cache.get("t", "EFFECT", file, loader)[0] == "content"
        assert cache.get("t", "EFFECT", other, loader)[0] == "other"
    assert (loader.calls, cache.stats().hits) == (2, 18)
    cache.invalidate("t")
    assert cache.stats().cached_templates == 0


def test_a_relative_path_follows_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "t").write_text(f"in {name}")
    cache = make_cache()
    for name in ("a", "b", "a"):
        monkeypatch.chdir(tmp_path / name)
        assert cache.get("t", "EFFECT", Path("t"), Path.read_text)[0] == f"in {name}"


def test_stats_have_every_documented_field_and_are_true(file: Path) -> None:
    clock = Clock()
    cache = make_cache(max_templates=4, max_size_mb=1, clock=clock)

    def load(path: Path) -> str:
        clock.now += 8_000_000
        return path.read_text()

    cache.get("t", "EFFECT", file, load)
    for _ in range(3):
        cache.get("t", "EFFECT", file, load)
    assert cache.get_stats() == {
        "hits": 3,
        "misses": 1,
        "hit_rate": 0.75,
        "evictions": 0,
        "invalidations": 0,
        "expirations": 0,
        "cached_templates": 1,
        "total_size_bytes": 7,
        "total_size_mb": 7 / 1024 / 1024,
        "avg_uncached_load_ms": 8.0,
        "avg_cached_load_ms": 0.0,
        "time_saved_ms": 24.0,
        "improvement_percent": 100.0,
        "capacity_usage_percent": 25.0,
        "memory_usage_percent": 100 * 7 / 1024 / 1024,
    }


def test_a_cache_that_costs_more_than_it_saves_says_so(file: Path) -> None:
    times = iter([0, 1_000_000, 1_000_000, 2_000_000, 5_000_000])
    cache = make_cache(clock=lambda: next(times, 9_000_000))
    cache.get("t", "EFFECT", file, Path.read_text)
    cache.get("t", "EFFECT", file, Path.read_text)
    stats = cache.get_stats()
    assert stats["avg_cached_load_ms"] > stats["avg_uncached_load_ms"] > 0
    assert stats["time_saved_ms"] < 0
    assert stats["improvement_percent"] < 0


def test_an_unused_cache_has_stats() -> None:
    stats = make_cache(max_templates=0, max_size_mb=0).get_stats()
    assert set(stats.values()) == {0}


def test_detailed_stats_have_a_row_for_each_template(file: Path) -> None:
    clock = Clock()
    cache = make_cache(clock=clock)
    cache.get("t", "EFFECT", file, Path.read_text)
    cache.get("t", "COMPUTE", file, Path.read_text)
    clock.now = 5 * SECOND
    stats = cache.get_detailed_stats()
    (row,) = stats["templates"]
    assert row.pop("age_seconds") == pytest.approx(5, abs=1)
    assert row == {
        "name": "t",
        "type": "COMPUTE",
        "size_bytes": 7,
        "access_count": 2,
        "file_hash": hashlib.sha256(b"content").hexdigest()[:16],
    }
    assert cache.get_stats().items() <= stats.items()


def test_a_cached_template_has_the_documented_fields(file: Path) -> None:
    before = datetime.now(UTC)
    cache = make_cache()
    cache.get("t", "EFFECT", file, Path.read_text)
    (template,) = cache.templates()
    assert isinstance(template, CachedTemplate)
    assert before <= template.loaded_at <= template.last_accessed_at <= datetime.now(UTC)
    assert (template.content, template.file_path) == ("content", str(file))
    assert template.size_bytes == 7


def test_warmup_names_templates_by_kind(tmp_path: Path) -> None:
    for name in (
        "effect_node_template.py",
        "effect_contract.yaml",
        "effect_contract.json",
        "compute_node_template.py",
        "reducer/deep/node.py.j2",
        "node_orchestrator/contract.yaml.j2",
        "node/node_reducer.py.j2",
        "node/node.py.j2",
        "unrelated.txt",
        ".hidden/effect_x.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "effect_binary.bin").write_bytes(b"\xff\xfe")
    cache = make_cache()
    cache.warmup(templates_dir=tmp_path, template_types=["EFFECT", "REDUCER", "ORCHESTRATOR"])
    names = {(each.template_name, each.template_type) for each in cache.templates()}
    assert names == {
        ("EFFECT_template", "EFFECT"),
        ("EFFECT_contract", "EFFECT"),
        ("EFFECT_contract.yaml", "EFFECT"),
        ("REDUCER_deep_node", "REDUCER"),
        ("REDUCER_template", "REDUCER"),
        ("ORCHESTRATOR_contract", "ORCHESTRATOR"),
    }
    _, hit = cache.get(
        "EFFECT_template", "EFFECT", tmp_path / "effect_node_template.py", Path.read_text
    )
    assert hit


def test_warmup_of_a_missing_folder_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_cache().warmup(tmp_path / "absent", ["EFFECT"])
    assert caplog.records[0].message == "template_cache.warmup.no_folder"


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("watch", [False, True])
def test_a_forgotten_cache_is_collected(file: Path, watch: bool) -> None:
    cache = TemplateCache(watch=watch)
    cache.get("t", "EFFECT", file, Path.read_text)
    known = weakref.ref(cache)
    del cache
    gc.collect()
    assert known() is None


def test_counters_can_be_read_as_attributes(tmp_path: Path) -> None:
    cache = make_cache(max_templates=1)
    for name in ("a", "a", "b"):
        file = tmp_path / name
        file.write_text("text")
        cache.get(name, "EFFECT", file, Path.read_text)
    cache.invalidate("b")
    assert (cache.hits, cache.misses, cache.evictions, cache.invalidations) == (1, 2, 1, 1)
    assert cache.expirations == 0
    assert cache.hits == cache.get_stats()["hits"]
