"""The cache against a simple model of it, and against writers in other threads."""

import os
import random
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from nodewright.templates import TemplateCache

NAMES = st.sampled_from(["a", "b", "c"])
FILES = st.sampled_from(["one.j2", "two.j2", "three.j2", "four.j2"])
SIZES = st.sampled_from([0, 1, 100, 300_000, 600_000, 1_100_000])
LETTERS = st.sampled_from("abcdefg")
MIB = 1024 * 1024
TTL = 60


class CacheMachine(RuleBasedStateMachine):
    """What a cache of one MiB, few templates and one minute must do."""

    @initialize(most=st.integers(0, 3))
    def start(self, most: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.now = 0
        self.cache = TemplateCache(most, 1, TTL, enable_persistence=False, clock=lambda: self.now)
        self.most = most
        self.content: dict[str, str] = {}
        self.held: OrderedDict[tuple[str, str], tuple[str, int]] = OrderedDict()
        self.hits = self.misses = self.evictions = self.invalidations = self.expirations = 0

    def teardown(self) -> None:
        self.cache.close()
        self.folder.cleanup()

    def load(self, path: Path) -> str:
        self.loaded += 1
        return path.read_text()

    @rule(file=FILES, letter=LETTERS, size=SIZES)
    def write(self, file: str, letter: str, size: int) -> None:
        (self.root / file).write_text(letter * size)
        self.content[file] = letter * size

    @rule(file=FILES, letter=LETTERS)
    def edit_and_keep_size_and_times(self, file: str, letter: str) -> None:
        if file not in self.content:
            return
        path = self.root / file
        before = path.stat()
        text = letter * len(self.content[file])
        with path.open("r+") as stream:
            stream.write(text)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.content[file] = text

    @rule(file=FILES)
    def touch(self, file: str) -> None:
        if file in self.content:
            os.utime(self.root / file)

    @rule(file=FILES, letter=LETTERS, size=SIZES)
    def replace(self, file: str, letter: str, size: int) -> None:
        (self.root / "new").write_text(letter * size)
        (self.root / "new").replace(self.root / file)
        self.content[file] = letter * size

    @rule(old=FILES, new=FILES)
    def rename(self, old: str, new: str) -> None:
        if old in self.content and old != new:
            (self.root / old).replace(self.root / new)
            self.content[new] = self.content.pop(old)

    @rule(file=FILES)
    def delete(self, file: str) -> None:
        if self.content.pop(file, None) is not None:
            (self.root / file).unlink()

    @rule(seconds=st.sampled_from([1, 20, 59, 60, 61]))
    def wait(self, seconds: int) -> None:
        self.now += seconds * 1_000_000_000

    @rule(name=NAMES)
    def invalidate(self, name: str) -> None:
        self.cache.invalidate(name)
        for key in [key for key in self.held if key[0] == name]:
            del self.held[key]
            self.invalidations += 1

    @rule()
    def invalidate_all(self) -> None:
        self.cache.invalidate_all()
        self.invalidations += len(self.held)
        self.held.clear()

    @rule(name=NAMES, file=FILES)
    def get(self, name: str, file: str) -> None:
        self.loaded = 0
        expected_hit = self.expect(name, file)
        try:
            found = self.cache.get(name, "EFFECT", self.root / file, self.load)
        except FileNotFoundError:
            assert file not in self.content
            return
        assert found == (self.content[file], expected_hit)
        assert self.loaded == (0 if expected_hit else 1)

    @precondition(lambda self: self.content)
    @rule(name=NAMES, data=st.data(), threads=st.integers(2, 6))
    def get_from_threads(self, name: str, data: st.DataObject, threads: int) -> None:
        file = data.draw(st.sampled_from(sorted(self.content)))
        expected_hit = self.expect(name, file)
        self.loaded = 0
        found: list[tuple[str, bool]] = []
        barrier = threading.Barrier(threads)

        def ask() -> None:
            barrier.wait()
            found.append(self.cache.get(name, "EFFECT", self.root / file, self.load))

        workers = [threading.Thread(target=ask) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert {content for content, _ in found} == {self.content[file]}
        hits = sum(hit for _, hit in found)
        if expected_hit:
            assert hits == threads
        if (name, file) in self.held:
            assert self.loaded == (0 if expected_hit else 1)
        self.hits += hits - expected_hit
        self.misses += threads - hits - (not expected_hit)

    def expect(self, name: str, file: str) -> bool:
        """What the model does for a get, and whether it is a hit."""
        key = (name, file)
        held = self.held.get(key)
        text = self.content.get(file)
        if held is not None and self.now - held[1] >= TTL * 1_000_000_000:
            del self.held[key]
            self.expirations += 1
        elif held is not None and held[0] != text:
            del self.held[key]
            self.invalidations += 1
        elif held is not None:
            self.held.move_to_end(key)
            self.hits += 1
            return True
        self.misses += 1
        if text is not None and self.most and len(text) <= MIB:
            while self.held and (len(self.held) >= self.most or self.bytes() + len(text) > MIB):
                self.held.popitem(last=False)
                self.evictions += 1
            self.held[key] = (text, self.now)
        return False

    def bytes(self) -> int:
        return sum(len(text) for text, _ in self.held.values())

    @invariant()
    def accounts_are_exact(self) -> None:
        stats = self.cache.stats()
        assert (stats.hits, stats.misses) == (self.hits, self.misses)
        assert stats.evictions == self.evictions
        assert stats.invalidations == self.invalidations
        assert stats.expirations == self.expirations
        assert stats.total_size_bytes == self.bytes()
        kept = [(each.template_name, Path(each.file_path).name) for each in self.cache.templates()]
        assert kept == list(self.held)


CacheMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestCacheModel = CacheMachine.TestCase


def numbered(number: int) -> bytes:
    return f"{number:08d}".encode()


def write_in_place(path: Path, number: int) -> None:
    """Same size, same inode, same modification time: only ctime tells."""
    before = path.stat()
    descriptor = os.open(path, os.O_WRONLY)
    os.pwrite(descriptor, numbered(number), 0)
    os.close(descriptor)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def write_by_rename(path: Path, number: int) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(numbered(number))
    other.replace(path)


def check_against_writer(root: Path, rounds: int, *, transform: bool) -> int:
    """Gets in threads beside one writer; every text must be of a moment of its get."""
    path = root / "t.j2"
    path.write_bytes(numbered(0))
    cache = TemplateCache(2, 1, enable_persistence=False)
    begun = written = 0
    wrong: list[tuple[int, int, int]] = []
    done = threading.Event()
    gets = [0] * 4

    def load(file: Path) -> str:
        return ("got " if transform else "") + file.read_text()

    def read(thread: int) -> None:
        while not done.is_set():
            oldest = written
            text, _ = cache.get(f"name{thread % 2}", "EFFECT", path, load)
            newest = begun
            number = int(text.removeprefix("got "))
            if not oldest <= number <= newest:
                wrong.append((oldest, number, newest))
            gets[thread] += 1

    readers = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for reader in readers:
        reader.start()
    chance = random.Random(1)  # noqa: S311 - which way to write
    for number in range(1, rounds + 1):
        begun = number
        chance.choice([write_in_place, write_by_rename])(path, number)
        written = number
        goal = gets[0] + chance.randrange(3)
        while gets[0] < goal and not wrong:
            done.wait(0)
    done.set()
    for reader in readers:
        reader.join()
    stats = cache.stats()
    assert wrong == []
    assert stats.hits + stats.misses == sum(gets)
    return sum(gets)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads take turns a hundred times as often, which finds more interleavings."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(interval / 100)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("hasty_threads")
@pytest.mark.parametrize("transform", [False, True])
def test_nothing_stale_beside_a_writer(tmp_path: Path, transform: bool) -> None:
    assert check_against_writer(tmp_path, 250, transform=transform) > 250
