import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from nodewright.cli.app import app
from nodewright.errors import NodewrightError
from nodewright.logs import LogRotationConfig, get_log_stats
from nodewright.logs.files import FileOutput
from nodewright.logs.rotation import log_files, tidy
from nodewright.logs.tail import LogNotFoundError, Match, follow, last_entries, moment_of

SMALL = LogRotationConfig(max_bytes=2000, when="never", backup_count=None, check_seconds=0)


def line(number: int, **more: Any) -> bytes:
    entry = {
        "timestamp": f"2025-01-15T10:00:{number % 60:02d}.000001+00:00",
        "level": "INFO",
        "logger_name": "a.b",
        "message": "x",
        "metadata": {"n": number},
    }
    return json.dumps(entry | more).encode() + b"\n"


def read_all(path: Path) -> list[int]:
    found = []
    for file in log_files(path):
        data = file.path.read_bytes()
        data = gzip.decompress(data) if file.compressed else data
        found += [json.loads(one)["metadata"]["n"] for one in data.splitlines()]
    return found


def write(path: Path, count: int, config: LogRotationConfig = SMALL) -> None:
    target = FileOutput(path, config)
    for number in range(count):
        target.write(line(number))
    target.close()


def test_rotation_by_size_keeps_all_entries_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write(path, 200)
    tidy(path, SMALL)
    assert read_all(path) == list(range(200))
    stats = get_log_stats(path)
    assert stats["files"] > 5
    assert stats["compressed_files"] == stats["files"] - 1
    assert stats["current_bytes"] < 2200


def test_rotation_by_time(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line(0))  # of a day long past
    write(path, 1, LogRotationConfig(when="daily", compress=False, retention_days=None))
    assert [file.put_aside is None for file in log_files(path)] == [False, True]


def test_a_turn_is_the_next_full_hour_or_midnight() -> None:
    moment = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
    after = datetime(2024, 3, 1, tzinfo=UTC).timestamp()
    assert LogRotationConfig(when="daily").next_turn(moment) == after
    assert LogRotationConfig(when="hourly").next_turn(moment) == after


def test_retention_by_count_and_by_age(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write(path, 200)
    tidy(path, LogRotationConfig(backup_count=2))
    assert len(log_files(path)) == 3
    old = tmp_path / "a.20200101T000000.000000Z.0000.jsonl"
    old.write_bytes(line(0))
    tidy(path, LogRotationConfig(retention_days=1))
    assert not old.exists()
    assert len(log_files(path)) == 3


def test_what_another_still_writes_to_is_not_compressed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    slow = FileOutput(path, LogRotationConfig(max_bytes=10**9, when="never", check_seconds=3600))
    slow.write(line(0))
    write(path, 30)
    slow.write(line(1000))
    tidy(path, SMALL)
    oldest = log_files(path)[0]
    assert not oldest.compressed
    slow.close()
    del slow
    tidy(path, SMALL)
    assert log_files(path)[0].compressed
    assert sorted(read_all(path)) == sorted([*range(30), 0, 1000])


def test_a_death_while_compressing_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    aside = tmp_path / "a.20250101T000000.000000Z.0000.jsonl"
    aside.write_bytes(line(7))
    with gzip.open(f"{aside}.gz", "wb") as packed:
        packed.write(line(7))
    assert read_all(path) == [7]
    tidy(path, LogRotationConfig(retention_days=None))
    assert not aside.exists()
    assert read_all(path) == [7]


def test_an_outside_rotation_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    target = FileOutput(path, SMALL)
    target.write(line(0))
    path.rename(tmp_path / "moved")
    target.write(line(1))
    target.close()
    assert json.loads(path.read_text())["metadata"] == {"n": 1}


def test_four_processes_on_one_rotating_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    code = """
import sys
from nodewright.logs import LogRotationConfig, configure_file_rotation, get_logger
config = LogRotationConfig(max_bytes=50_000, when="never", backup_count=None, check_seconds=0.01)
configure_file_rotation(config=config, path=sys.argv[1])
log, base = get_logger("p"), int(sys.argv[2])
for n in range(2000): log.info("x" * 100, metadata={"n": base + n})
"""
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path), str(base)])
        for base in range(0, 8000, 2000)
    ]
    assert [child.wait(timeout=60) for child in children] == [0] * 4
    tidy(path, LogRotationConfig(backup_count=None, retention_days=None))
    assert sorted(read_all(path)) == list(range(8000))
    assert get_log_stats(path)["files"] > 10
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("max_bytes", 0), ("when", "weekly"), ("backup_count", -1), ("retention_days", 0)],
)
def test_a_wrong_setting_is_named(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{field} is {value!r}"):
        LogRotationConfig(**{field: value})


def test_last_entries_reach_into_compressed_files(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write(path, 100)
    tidy(path, SMALL)
    path.open("ab").write(b'torn {"n\n[1]\n')
    found = last_entries(path, 60)
    assert [entry["metadata"]["n"] for entry in found] == list(range(40, 100))


@pytest.mark.parametrize(
    ("match", "numbers"),
    [
        (Match(correlation_id="c1"), [1]),
        (Match(level="warning"), [1, 2]),
        (Match(logger="a"), [0, 1, 2]),
        (Match(logger="a.b.c"), [2]),
        (Match(since=moment_of("2025-01-15T10:00:01+00:00")), [1, 2]),
        (Match(until=moment_of("2025-01-15T10:00:01+00:00")), [0]),
        (Match(component="k", text="needle"), [2]),
    ],
)
def test_match(tmp_path: Path, match: Match, numbers: list[int]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(
        line(0)
        + line(1, correlation_id="c1", level="WARNING")
        + line(2, level="ERROR", logger_name="a.b.c", component="k", message="needle")
    )
    assert [entry["metadata"]["n"] for entry in last_entries(path, 9, match)] == numbers


def test_follow_goes_over_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line(0))
    steps = iter(range(4))

    def act(_: float) -> None:
        match next(steps):
            case 0:
                path.open("ab").write(line(1) + line(2)[:20])
            case 1:
                path.open("ab").write(line(2)[20:])
                os.rename(path, tmp_path / "b")  # noqa: PTH104 - as another program does
            case 2:
                path.write_bytes(line(3))

    coming = follow(path, wait=act)
    assert [entry["metadata"]["n"] for entry in islice(coming, 3)] == [1, 2, 3]


def test_the_command_filters_and_explains(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    path = tmp_path / "a.jsonl"
    path.write_bytes(line(0) + line(1, correlation_id="c1", level="ERROR"))
    run = CliRunner().invoke
    arguments = ["logs", "tail", str(path)]
    result = run(app, [*arguments, "--correlation-id", "c1", "--level", "error", "--json"])
    assert json.loads(result.stdout)["metadata"] == {"n": 1}
    assert "n=0" in run(app, arguments).stdout
    wrong = run(app, [*arguments, "--since", "yesterday"])
    assert isinstance(wrong.exception, NodewrightError)
    assert "'yesterday' is no moment" in str(wrong.exception)
    missing = run(app, ["logs", "tail", str(tmp_path / "none")])
    assert isinstance(missing.exception, LogNotFoundError)
    assert json.loads(run(app, ["logs", "stats", str(path)]).stdout)["files"] == 1


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogNotFoundError, match=r"there is no log at .*none"):
        last_entries(tmp_path / "none", 1)
