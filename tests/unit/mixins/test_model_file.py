import copy
import os
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from nodewright.mixins import model_file
from nodewright.mixins.errors import ModelFileError
from nodewright.mixins.features import FEATURE_NAMES
from nodewright.mixins.forest import fit

VERSION = "1.2.3"


@pytest.fixture(scope="module")
def classifier() -> RandomForestClassifier:
    generator = np.random.default_rng(7)
    features = generator.integers(0, 4, (200, len(FEATURE_NAMES))).astype(np.float32)
    made: RandomForestClassifier = fit(features, features[:, 0] > 1)
    return made


@pytest.fixture
def path(tmp_path: Path, classifier: RandomForestClassifier) -> Path:
    file = tmp_path / "deep" / "model.skops"
    model_file.save(file, classifier, {"accuracy": 0.5}, VERSION)
    return file


def test_what_was_saved_is_loaded(path: Path, classifier: RandomForestClassifier) -> None:
    saved = model_file.load(path, VERSION)
    rows = np.eye(len(FEATURE_NAMES), dtype=np.float32)
    assert (saved.classifier.predict_proba(rows) == classifier.predict_proba(rows)).all()
    assert saved.metrics == {"accuracy": 0.5}
    assert path.stat().st_size < 500_000
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_refused(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelFileError, match="truncated"):
        model_file.load(path, VERSION)


def test_a_model_of_another_omnibase_core_is_refused(path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"outdated.*'1\.2\.3'.*'2\.0\.0'"):
        model_file.load(path, "2.0.0")


def test_a_model_of_other_features_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "FEATURE_NAMES", (*FEATURE_NAMES[1:], "new"))
    with pytest.raises(ModelFileError, match="outdated: its features"):
        model_file.load(path, VERSION)


@pytest.mark.parametrize(
    "document", [{"a": 1}, [1, 2], {"format": 1, "forest": LogisticRegression()}]
)
def test_foreign_content_is_refused(tmp_path: Path, document: Any) -> None:
    file = tmp_path / "model.skops"
    file.write_bytes(model_file._skops().dumps(document))
    with pytest.raises(ModelFileError, match="not a mixin model"):
        model_file.load(file, VERSION)


def test_types_that_are_not_trusted_are_named_and_not_loaded(tmp_path: Path) -> None:
    file = tmp_path / "model.skops"
    file.write_bytes(model_file._skops().dumps({"forest": Path("/tmp")}))  # noqa: S108 - never touched
    with pytest.raises(ModelFileError, match=r"not trusted.*pathlib"):
        model_file.load(file, VERSION)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "model.skops"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b"{}")
        archive.writestr("zeros", bytes(200_000_000))
    with pytest.raises(ModelFileError, match="would unpack to"):
        model_file.load(file, VERSION)


def test_a_file_that_lies_about_its_size_is_not_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "model.skops"
    size = 200_000_000
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * size)
    said = size.to_bytes(4, "little")
    data = file.read_bytes()
    assert data.count(said) == 2
    file.write_bytes(data.replace(said, (100).to_bytes(4, "little")))
    del data
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="cannot be read"):
        model_file.load(file, VERSION)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000_000


def test_other_ways_of_packing_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.skops"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("schema.json", b"{}")
    with pytest.raises(ModelFileError, match="packed in another way"):
        model_file.load(file, VERSION)


def test_a_failed_write_leaves_the_old_file(
    path: Path, classifier: RandomForestClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model_file.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        model_file.save(path, classifier, {}, VERSION)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_skops_loads_after_omnibase_core(path: Path) -> None:
    script = (
        "import sys, omnibase_core, omnibase_core.mixins, omnibase_core.nodes\n"
        "from pathlib import Path\n"
        "from nodewright.mixins import model_file\n"
        "model_file.load(Path(sys.argv[1]), sys.argv[2])\n"
        "try:\n    omnibase_core.no_such_name\n"
        "except AttributeError: raise SystemExit('the hook was left behind')\n"
        "except Exception: pass\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path), VERSION], check=True)


def _with_node(classifier: RandomForestClassifier, place: int, **changed: float) -> Any:
    """The classifier with one node of its first tree changed."""
    broken = copy.deepcopy(classifier)
    tree = broken.estimators_[0].tree_
    state = tree.__getstate__()
    nodes = state["nodes"].copy()
    for name, value in changed.items():
        nodes[name][place] = value
    tree.__setstate__(state | {"nodes": nodes})
    return broken


@pytest.mark.parametrize(
    ("place", "changed"),
    [
        (0, {"left_child": 10**9}),
        (0, {"left_child": 0}),
        (0, {"left_child": -1}),
        (0, {"left_child": -1, "right_child": -1}),
        (1, {"right_child": 1}),
        (0, {"feature": 10**6}),
        (0, {"feature": -7}),
    ],
    ids=str,
)
def test_a_tree_that_leads_out_of_itself_is_refused(
    tmp_path: Path, classifier: RandomForestClassifier, place: int, changed: dict[str, float]
) -> None:
    file = tmp_path / "model.skops"
    model_file.save(file, _with_node(classifier, place, **changed), {}, VERSION)
    with pytest.raises(ModelFileError, match="forest"):
        model_file.load(file, VERSION)


@pytest.mark.parametrize("name", ["classes_", "n_features_in_", "estimators_"])
@pytest.mark.parametrize("value", [None, "x", [], np.zeros((2, 2)), [1, 2], {"a": 1}], ids=str)
def test_a_forest_of_other_values_is_refused(
    tmp_path: Path, classifier: RandomForestClassifier, name: str, value: Any
) -> None:
    broken = copy.deepcopy(classifier)
    setattr(broken, name, value)
    file = tmp_path / "model.skops"
    model_file.save(file, broken, {}, VERSION)
    with pytest.raises(ModelFileError, match="forest"):
        model_file.load(file, VERSION)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.skops")
    with pytest.raises(ModelFileError, match="no file"):
        model_file.load(tmp_path / "model.skops", VERSION)
