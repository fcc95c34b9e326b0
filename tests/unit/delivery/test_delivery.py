"""Commits are whole, can be taken back to the byte, and survive a kill at every step."""

import fcntl
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodewright.delivery.delivery import Delivery, EditedError, recover, undo
from nodewright.delivery.folder_lock import BusyError
from nodewright.delivery.journal import Change, Journal
from nodewright.delivery.manifest import DeliveryError
from nodewright.proving.model import Check, NodeReport
from nodewright.rendering.model import RenderedFile

PASSED = (Check("parses", passed=True),)
FAILED = (Check("parses", passed=True), Check("contract", passed=False, detail="no kind"))

type Package = dict[str, str]


def package(*names: str, text: str = "one\n") -> Package:
    texts = {"README.md": text, "src/shop/__init__.py": ""}
    for name in names:
        folder = f"src/shop/nodes/node_{name}_effect"
        texts |= {f"{folder}/node.py": text, f"{folder}/models/model_{name}.py": text}
        texts |= {f"tests/test_node_{name}_effect.py": text}
    return texts


def node_of(path: str) -> str:
    parts = path.replace("test_node", "node").removesuffix(".py").split("/")
    return next((part for part in parts if part.startswith("node_")), "")


def rendered(texts: Package) -> list[RenderedFile]:
    return [RenderedFile(path, text, "t", "1", "ab", node_of(path)) for path, text in texts.items()]


def reports(texts: Package, *failed: str) -> list[NodeReport]:
    slugs = sorted({node_of(path) for path in texts} - {""})
    return [NodeReport(slug, "EFFECT", FAILED if slug in failed else PASSED) for slug in slugs]


def deliver(out: Path, texts: Package, *failed: str, force: bool = False) -> None:
    with Delivery(out, "shop", force) as delivery:
        delivery.stage(rendered(texts))
        delivery.commit(reports(texts, *failed))


def tree(out: Path, *, own: bool = False) -> dict[str, tuple[int, bytes]]:
    """Mode and bytes of every file, with the manifest's folder only where ``own``."""
    found = {}
    for path in sorted(out.rglob("*")) if out.exists() else ():
        name = path.relative_to(out).as_posix()
        hidden = name.startswith(".nodewright")
        if path.is_file() and (
            not hidden or (own and "journal" not in name and "lock" not in name)
        ):
            found[name] = (path.stat().st_mode, path.read_bytes())
    return found


def folders(out: Path) -> set[str]:
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_dir()}
    return {name for name in found if not name.startswith(".nodewright")}


def test_failed_node_is_set_aside(tmp_path: Path) -> None:
    deliver(tmp_path, package("a", "b"), "node_b_effect")
    assert (tmp_path / "src/shop/nodes/node_a_effect/node.py").exists()
    assert not (tmp_path / "src/shop/nodes/node_b_effect").exists()
    aside = tmp_path / ".nodewright/failed/node_b_effect"
    assert (aside / "src/shop/nodes/node_b_effect/node.py").read_text() == "one\n"
    report = orjson.loads((aside / "report.json").read_bytes())
    assert report["checks"][1]["detail"] == "no kind"


def test_nothing_passed_writes_nothing(tmp_path: Path) -> None:
    deliver(tmp_path, package("a"), "node_a_effect")
    assert tree(tmp_path) == {}


def test_later_commits_of_a_run_add_nodes(tmp_path: Path) -> None:
    texts = package("a", "b", "c")
    with Delivery(tmp_path, "shop") as delivery:
        delivery.stage(rendered(texts))
        for report in reports(texts):
            delivery.commit([report])
    assert set(tree(tmp_path)) == set(texts)
    assert undo(tmp_path) == sorted(texts)
    assert tree(tmp_path) == {}


def test_first_run_is_undone_wholly(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    deliver(out, package("a"))
    cache = out / "src/shop/nodes/node_a_effect/__pycache__"
    cache.mkdir()
    (cache / "node.cpython-312.pyc").write_bytes(b"")
    undo(out)
    assert not out.exists()
    with pytest.raises(DeliveryError, match="not written"):
        undo(out)


def test_later_run_is_undone_to_the_byte(tmp_path: Path) -> None:
    deliver(tmp_path, package("a", "b"))
    script = tmp_path / "src/shop/nodes/node_a_effect/node.py"
    script.chmod(0o755)
    before, places = tree(tmp_path, own=True), folders(tmp_path)
    deliver(tmp_path, package("a", "c", text="two\n"))
    assert script.stat().st_mode & 0o777 == 0o755
    assert tree(tmp_path, own=True) != before
    undo(tmp_path)
    assert tree(tmp_path, own=True) == before
    assert folders(tmp_path) == places
    with pytest.raises(DeliveryError, match="no run to undo"):
        undo(tmp_path)


def test_undo_asks_before_it_loses_edits(tmp_path: Path) -> None:
    deliver(tmp_path, package("a"))
    edited = tmp_path / "README.md"
    edited.write_text("mine\n")
    with pytest.raises(EditedError) as caught:
        undo(tmp_path)
    assert caught.value.paths == ("README.md",)
    assert edited.read_text() == "mine\n"
    undo(tmp_path, force=True)
    assert tree(tmp_path) == {}


def test_user_files_survive_undo(tmp_path: Path) -> None:
    deliver(tmp_path, package("a"))
    mine = tmp_path / "src/shop/nodes/node_a_effect/mine.py"
    mine.write_text("mine\n")
    undo(tmp_path)
    assert set(tree(tmp_path)) == {"src/shop/nodes/node_a_effect/mine.py"}


def test_second_run_at_once_is_refused(tmp_path: Path) -> None:
    with Delivery(tmp_path, "shop") as first:
        first.stage(rendered(package("a")))
        for refused in (lambda: deliver(tmp_path, package("a")), lambda: undo(tmp_path)):
            with pytest.raises(BusyError, match=str(os.getpid())):
                refused()
        first.commit(reports(package("a")))
    deliver(tmp_path, package("a"))


def test_unused_lock_leaves_no_trace(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Delivery(out, "shop"):
        pass
    assert not out.exists()


def test_lock_is_given_back_when_the_holder_is_killed(tmp_path: Path) -> None:
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        with Delivery(tmp_path, "shop") as delivery:
            delivery.stage(rendered(package("a")))
            os.write(told, b".")
            signal.pause()
        os._exit(0)
    os.read(ready, 1)
    with pytest.raises(BusyError):
        deliver(tmp_path, package("a"))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    deliver(tmp_path, package("a"))
    assert list((tmp_path / ".nodewright").glob("staging-*")) == []


@pytest.mark.parametrize("state", ["file", "inside a file", "link"])
def test_output_that_is_no_folder(tmp_path: Path, state: str) -> None:
    out = tmp_path / "out"
    out.write_text("a file\n")
    if state == "inside a file":
        out /= "deeper"
    if state == "link":
        out.unlink()
        out.mkdir()
        (out / ".nodewright").symlink_to(tmp_path)
    with pytest.raises(DeliveryError, match=r"folder"):
        deliver(out, package("a"))
    assert not (tmp_path / "lock").exists()


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    """No file may grow over ``limit`` bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_full_disk_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    deliver(tmp_path, package("a"))
    before = tree(tmp_path)
    changed = package("a", "b", text="x" * 5000)
    with small_files(4000), pytest.raises(DeliveryError):
        deliver(tmp_path, changed)
    assert tree(tmp_path) == before
    deliver(tmp_path, changed)
    assert set(tree(tmp_path)) == set(changed)


def test_failing_rename_is_rolled_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(tmp_path, package("a"))
    before = tree(tmp_path)
    move_in, moved = Journal._move_in, []

    def fails(journal: Journal, place: Path, change: Change) -> None:
        moved.append(change)
        if len(moved) == 3:
            raise OSError(28, "No space left on device")
        move_in(journal, place, change)

    monkeypatch.setattr(Journal, "_move_in", fails)
    with pytest.raises(DeliveryError, match="full disk"):
        deliver(tmp_path, package("a", text="two\n"))
    assert tree(tmp_path) == before


EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "open", "os.truncate"}


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Run ``work`` in a child that is killed before its file operation ``step``."""
    child = os.fork()
    if child == 0:
        count = 0

        def hook(event: str, _arguments: tuple[object, ...]) -> None:
            nonlocal count
            if event in EVENTS:
                count += 1
                if count > step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        work()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def whole_nodes(out: Path) -> bool:
    nodes = out / "src/shop/nodes"
    return all(
        (node / "node.py").exists() and len(list(node.glob("models/*.py"))) == 1
        for node in (nodes.iterdir() if nodes.exists() else ())
    )


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: hundreds of commits synchronise a lot."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder with a random name inside
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="nodewright-test-", dir=memory) as folder:
        yield Path(folder)


def test_kill_at_every_step_of_a_first_run(quick_path: Path) -> None:
    texts = package("a", "b")
    expected = {path: text.encode() for path, text in texts.items()}
    step, outcomes = 0, set()
    while True:
        out = quick_path / f"out{step}"
        killed = killed_at(step, lambda out=out: deliver(out, texts))
        assert whole_nodes(out), f"killed at {step}"
        recover(out)
        found = {path: content for path, (_, content) in tree(out).items()}
        assert found in ({}, expected), f"killed at {step}"
        outcomes.add(len(found))
        deliver(out, texts)
        assert {path: content for path, (_, content) in tree(out).items()} == expected
        if not killed:
            break
        step += 1
    assert outcomes == {0, len(expected)}
    assert step > 30


def test_kill_at_every_step_of_a_regeneration_and_of_undo(quick_path: Path) -> None:
    first, second = package("a", "b"), package("a", "c", text="two\n")
    reference = quick_path / "reference"
    deliver(reference, first)
    before = tree(reference, own=True)
    deliver(reference, second)
    after = tree(reference, own=True)
    kinds: dict[str, set[bool]] = {"run": set(), "undo": set()}
    for kind, outcomes in kinds.items():
        step, killed = 0, True
        while killed:
            out = quick_path / f"{kind}{step}"
            deliver(out, first)
            if kind == "run":
                killed = killed_at(step, lambda out=out: deliver(out, second))
            else:
                deliver(out, second)
                killed = killed_at(step, lambda out=out: undo(out))
            recover(out)
            found = tree(out, own=True)
            assert _without_unused(found) in (_without_unused(before), _without_unused(after)), step
            outcomes.add(_without_unused(found) == _without_unused(after))
            step += 1
        assert step > 20
    assert kinds == {"run": {False, True}, "undo": {False, True}}


def _without_unused(found: dict[str, tuple[int, bytes]]) -> dict[str, tuple[int, bytes]]:
    """Without texts in the manifest's folder that the manifest does not name."""
    manifest = found[".nodewright/manifest.json"][1].decode()
    return {
        path: content
        for path, content in found.items()
        if "/base/" not in path or path.rpartition("/")[2] in manifest
    }


def test_edits_between_a_kill_and_its_recovery_survive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = package("a")
    deliver(tmp_path, texts)
    second = package("a", "b", text="two\n")
    new = tmp_path / "tests/test_node_b_effect.py"
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_finish", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        assert killed_at(10**6, lambda: deliver(tmp_path, second))
    (tmp_path / "README.md").write_text("mine\n")
    new.write_text("mine too\n")
    recover(tmp_path)
    found = {path: content.decode() for path, (_, content) in tree(tmp_path).items()}
    mine = {"README.md": "mine\n", "tests/test_node_b_effect.py": "mine too\n"}
    assert found == second | mine


names = st.sets(st.sampled_from(["a", "b", "c"]), min_size=1)
runs = st.lists(
    st.tuples(names, st.sampled_from(["one\n", "two\n", "three\n"])), min_size=1, max_size=4
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=runs)
def test_any_sequence_of_runs_can_be_followed_by_an_undo(
    steps: list[tuple[set[str], str]], quick_path: Path
) -> None:
    out = quick_path / f"runs{len(list(quick_path.iterdir()))}"
    before: dict[str, tuple[int, bytes]] = {}
    for chosen, text in steps:
        texts = package(*sorted(chosen), text=text)
        before = tree(out)
        deliver(out, texts)
        assert {path: content.decode() for path, (_, content) in tree(out).items()} == texts
    undo(out)
    assert tree(out) == before


def test_lock_file_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    out = tmp_path / "out"
    (out / ".nodewright").mkdir(parents=True)
    (out / ".nodewright/lock").symlink_to(victim)
    with pytest.raises(DeliveryError):
        deliver(out, package("a"))
    assert victim.read_text() == "precious\n"
    with victim.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
