"""A journal is trusted no more than the output folder that it came with."""

from pathlib import Path

import orjson
import pytest
from tests.unit.delivery.test_delivery import deliver, package, tree

from nodewright.delivery.delivery import recover, undo
from nodewright.delivery.journal import Journal
from nodewright.delivery.manifest import DeliveryError


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a batch that was prepared and not begun, as a kill leaves it."""

    def killed(_journal: Journal, _place: Path, _batch: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_finish", killed)
        with pytest.raises(KeyboardInterrupt):
            deliver(tmp_path / "out", package("a"))
    return tmp_path / "out/.nodewright/journal/000001"


@pytest.mark.parametrize(
    "wrong",
    [
        {"changes": [{"path": "../stolen", "before": None, "after": "ab"}]},
        {"changes": [{"path": ".nodewright/lock", "before": None, "after": "ab"}]},
        {"changes": [{"path": "README.md", "before": "../../../stolen", "after": "ab"}]},
        {"folders": ["/tmp/stolen"]},  # noqa: S108 - must not be written
        {"created": ["../stolen"]},
        {"bases": ["../../stolen"]},
        {"changes": [{"path": "README.md"}]},
        {"changes": None},
    ],
)
def test_journal_from_elsewhere_is_not_trusted(
    tmp_path: Path, prepared: Path, wrong: dict[str, object]
) -> None:
    out = tmp_path / "out"
    record = prepared / "record.json"
    record.write_bytes(orjson.dumps(orjson.loads(record.read_bytes()) | wrong))
    with pytest.raises(DeliveryError):
        recover(out)
    with pytest.raises(DeliveryError):
        undo(out, force=True)
    assert tree(out) == {}
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.usefixtures("prepared")
def test_batch_is_not_finished_through_a_link(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (out / "src").symlink_to(elsewhere)
    with pytest.raises(DeliveryError, match="symbolic link"):
        recover(out)
    assert list(elsewhere.iterdir()) == []
    (out / "src").unlink()
    recover(out)
    assert set(tree(out)) == set(package("a"))


def test_undo_does_not_follow_a_link(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    deliver(out, package("a"))
    (out / "src").rename(elsewhere)
    (out / "src").symlink_to(elsewhere)
    before = tree(elsewhere)
    with pytest.raises(DeliveryError, match="symbolic link"):
        undo(out, force=True)
    assert tree(elsewhere) == before
    (out / "src").unlink()
    elsewhere.rename(out / "src")
    undo(out)
    assert not out.exists()


@pytest.mark.parametrize("name", ["journal", "base", "failed"])
def test_state_that_is_a_link_is_refused(tmp_path: Path, name: str) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (out / ".nodewright").mkdir(parents=True)
    (out / ".nodewright" / name).symlink_to(elsewhere)
    with pytest.raises(DeliveryError, match="symbolic link"):
        deliver(out, package("a", "b"), "node_b_effect")
    assert list(elsewhere.iterdir()) == []


def test_damaged_record_of_the_run_is_forgotten(tmp_path: Path) -> None:
    deliver(tmp_path, package("a"))
    (tmp_path / ".nodewright/journal/run.json").write_bytes(b"[")
    deliver(tmp_path, package("a", text="two\n"))
    undo(tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "one\n"
