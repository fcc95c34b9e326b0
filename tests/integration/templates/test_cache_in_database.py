"""The use of templates in a real database, and the commands that show it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from nodewright.monitoring import MonitoringSystem
from nodewright.storage import CodegenPersistence
from nodewright.templates import TemplateCache


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "effect_node_template.py"
    path.write_text("content")
    return path


async def test_many_gets_are_one_row(persistence: CodegenPersistence, file: Path) -> None:
    async with TemplateCache(persistence=persistence) as cache:
        for _ in range(100_000):
            cache.get("EFFECT_template", "EFFECT", file, Path.read_text)
    async with TemplateCache(persistence=persistence) as cache:
        cache.get("EFFECT_template", "EFFECT", file, Path.read_text)
    await persistence.flush()
    row = await persistence.get_template_cache_metadata("EFFECT_template")
    assert row is not None
    assert (row.access_count, row.cache_hits, row.cache_misses) == (100_001, 99_999, 2)
    assert (row.template_type, row.file_path, row.size_bytes) == ("EFFECT", str(file), 7)
    assert row.last_accessed_at is not None
    (efficiency,) = await persistence.get_template_cache_efficiency()
    assert efficiency.hit_rate == pytest.approx(1, abs=0.001)


async def test_hostile_names_are_recorded(persistence: CodegenPersistence, file: Path) -> None:
    names = ["'; DROP TABLE template_cache_metadata; --", "a\0b", "\ud800", "n" * 5_000]
    with TemplateCache(persistence=persistence) as cache:
        for name in names:
            cache.get(name, "EFFECT", file, Path.read_text)
    await persistence.flush()
    rows = await persistence.fetch("SELECT * FROM template_cache_metadata")
    assert len(rows) == len(names)
    assert persistence.telemetry_stats().rejected == 0


def test_a_database_that_is_not_there_is_not_felt(file: Path) -> None:
    dead = CodegenPersistence("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    started = time.monotonic()
    with TemplateCache(persistence=dead) as cache:
        assert not cache.get("t", "EFFECT", file, Path.read_text)[1]
        assert cache.get("t", "EFFECT", file, Path.read_text)[1]
    assert time.monotonic() - started < 10
    dead.sync.close()


def run(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from nodewright.cli.app import main; main()", *arguments]
    return subprocess.run(
        command,
        env={"NODEWRIGHT_DATABASE_URL": url, "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "node_effect").mkdir()
    (tmp_path / "node_effect" / "own.py.j2").write_text("own")
    warm = run("cache", "warm", "--templates", str(tmp_path), "--kind", "EFFECT", url=database_url)
    assert warm.returncode == 0, warm.stderr
    assert "node_effect/own.py.j2" in warm.stdout
    stats = run("cache", "stats", "--json", url=database_url)
    names = {row["template_name"] for row in json.loads(stats.stdout)["templates"]}
    assert "node_effect/own.py.j2" in names
    assert "node_effect/own.py.j2" in run("cache", "stats", url=database_url).stdout
    assert f"{len(names)} templates forgotten" in run("cache", "clear", url=database_url).stdout
    assert run("cache", "stats", url=database_url).stdout.startswith("0 templates")


def test_warm_names_the_wrong_line(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.j2").write_text("fine\n{% if %}\n")
    done = run("cache", "warm", "--templates", str(tmp_path), url=database_url)
    assert done.returncode != 0
    assert f"{tmp_path / 'wrong.j2'}:2" in done.stderr


async def test_collecting_metrics_writes_the_uses_first(
    persistence: CodegenPersistence, file: Path
) -> None:
    cache = TemplateCache(persistence=persistence)
    for _ in range(10):
        cache.get("EFFECT_template", "EFFECT", file, Path.read_text)
    collected = await MonitoringSystem(persistence=persistence).collect_all_metrics()
    row = await persistence.get_template_cache_metadata("EFFECT_template")
    assert row is not None
    assert (row.cache_hits, row.cache_misses) == (9, 1)
    assert collected["template_cache"]["available"] is not False
    cache.close()


def test_a_short_process_records_its_uses_in_the_configured_database(
    database_url: str, file: Path
) -> None:
    code = (
        "import sys, pathlib; from nodewright import TemplateCache; cache = TemplateCache();"
        "[cache.get('t', 'EFFECT', pathlib.Path(sys.argv[1]), pathlib.Path.read_text)"
        " for _ in range(7)]"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(file)],
        env={"NODEWRIGHT_DATABASE_URL": database_url, "PATH": "/usr/bin"},
        check=True,
        timeout=60,
    )
    with psycopg.connect(database_url) as connection:
        counts = connection.execute(
            "SELECT cache_hits, cache_misses FROM template_cache_metadata WHERE template_name = 't'"
        ).fetchone()
    assert counts == (6, 1)
