"""The model's file: a skops archive that is read without running code, and checked before use."""

import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from nodewright.mixins.errors import ModelFileError
from nodewright.mixins.features import FEATURE_NAMES

FORMAT = 1
_TRUSTED = ("sklearn.tree._tree.Tree",)
_MOST_BYTES = 5_000_000
_MOST_UNPACKED = 100_000_000
_MOST_ENTRIES = 10_000
_PIECE = 1 << 16
_MOST_NODES = 500_000
_DEEPEST = 400


class Saved(NamedTuple):
    """What a model file holds: the classifier, and the metrics as plain values."""

    classifier: Any
    metrics: dict[str, Any]


def save(path: Path, classifier: Any, metrics: dict[str, Any], core_version: str) -> None:
    """Write the file so that a reader sees the old one or the new one, never a part."""
    document = {
        "format": FORMAT,
        "omnibase_core": core_version,
        "features": list(FEATURE_NAMES),
        "metrics": metrics,
        "forest": classifier,
    }
    packed = _skops().dumps(document, compression=zipfile.ZIP_DEFLATED)
    write_atomically(path, packed)


def load(path: Path, core_version: str) -> Saved:
    """Read a model that fits the installed omnibase_core and these features.

    Raises:
        FileNotFoundError: there is no file.
        ModelFileError: it is truncated, foreign, outdated or holds types that are not trusted.
    """
    if path.exists() and not path.is_file():
        raise ModelFileError(f"model file {path} is no file; name another one")
    if path.stat().st_size > _MOST_BYTES:
        raise ModelFileError(f"model file {path} is larger than {_MOST_BYTES:,} bytes: not ours")
    try:
        untrusted, document = _read(_inflated(path))
    except Exception as error:
        raise ModelFileError(
            f"model file {path} cannot be read ({type(error).__name__}: {error}): "
            "it is truncated or was not written by nodewright; train again"
        ) from error
    if untrusted:
        listed = ", ".join(sorted(untrusted))
        raise ModelFileError(f"model file {path} holds types that are not trusted: {listed}")
    return _checked(path, document, core_version)


def _inflated(path: Path) -> bytes:
    """The archive without compression; no entry is larger than it says, whatever it holds.

    skops inflates an entry as a whole before anybody looks at its size.

    Raises:
        zipfile.BadZipFile: it is no archive, too large, packed in another way, or lies.
    """
    plain = io.BytesIO()
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(plain, "w") as archive:
        entries = packed.infolist()
        size = sum(entry.file_size for entry in entries)
        if size > _MOST_UNPACKED or len(entries) > _MOST_ENTRIES:
            raise zipfile.BadZipFile(f"it would unpack to {len(entries):,} files, {size:,} bytes")
        for entry in entries:
            if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise zipfile.BadZipFile(f"{entry.filename} is packed in another way")
            with packed.open(entry) as source, archive.open(entry.filename, "w") as target:
                # In pieces: reading to the end would inflate everything that is there.
                while piece := source.read(_PIECE):
                    target.write(piece)
    return plain.getvalue()


def _read(data: bytes) -> tuple[set[str], Any]:
    """Types that are not trusted and, if there are none, the document."""
    skops = _skops()
    untrusted = set(skops.get_untrusted_types(data=data)) - set(_TRUSTED)
    return untrusted, None if untrusted else skops.loads(data, trusted=list(_TRUSTED))


def _checked(path: Path, document: Any, core_version: str) -> Saved:
    expected = {"format", "omnibase_core", "features", "metrics", "forest"}
    if not isinstance(document, dict) or set(document) != expected:
        raise ModelFileError(f"model file {path} is not a mixin model of nodewright; train again")
    wanted = {
        "format": FORMAT,
        "omnibase_core": core_version,
        "features": list(FEATURE_NAMES),
    }
    for name, value in wanted.items():
        # Compared as text: an array of the file's would answer with an array.
        if repr(document[name]) != repr(value):
            raise ModelFileError(
                f"model file {path} is outdated: its {name} is {document[name]!r}, "
                f"this installation needs {value!r}; train again"
            )
    try:
        sound = _is_forest(document["forest"])
    except Exception as error:
        raise ModelFileError(f"model file {path} holds a broken forest; train again") from error
    if not sound:
        raise ModelFileError(f"model file {path} holds no forest of this shape; train again")
    return Saved(document["forest"], document["metrics"])


def _is_forest(forest: Any) -> bool:
    from sklearn.ensemble import RandomForestClassifier

    return (
        type(forest) is RandomForestClassifier
        and sorted(map(bool, forest.classes_)) == [False, True]
        and bool(forest.n_features_in_ == len(FEATURE_NAMES))
        and type(forest.estimators_) is list
        and sum(estimator.tree_.node_count for estimator in forest.estimators_) <= _MOST_NODES
        and all(map(_is_tree, forest.estimators_))
        and len(forest.estimators_) > 0
    )


def _is_tree(estimator: Any) -> bool:
    """Whether it is one: scikit-learn's compiled code follows a tree's numbers unchecked.

    Each node but the first is the child of one node before it, so a walk neither leaves the tree
    nor goes in circles, and what is made of it is no larger than it.
    """
    import numpy as np
    from sklearn.tree import DecisionTreeClassifier

    if type(estimator) is not DecisionTreeClassifier:
        return False
    tree = estimator.tree_
    left, right, value = tree.children_left, tree.children_right, tree.value[:, 0, :]
    inner = np.flatnonzero((left != -1) | (right != -1))
    children = np.concatenate([left[inner], right[inner]])
    depth = np.zeros(tree.node_count, dtype=int)
    if not np.array_equal(np.sort(children), np.arange(1, tree.node_count)):
        return False
    for node in inner.tolist():
        if min(left[node], right[node]) <= node:
            return False
        depth[[left[node], right[node]]] = depth[node] + 1
    features = tree.feature[inner]
    return bool(
        tree.value.shape == (tree.node_count, 1, 2)
        and ((features >= 0) & (features < len(FEATURE_NAMES))).all()
        and (np.isfinite(value) & (value >= 0)).all()
        and (value.sum(axis=1) > 0).all()
        and depth.max() <= _DEEPEST
    )


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside ``path``, flush to the disk and rename over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _skops() -> Any:
    if "skops.io" in sys.modules:
        return sys.modules["skops.io"]
    with _orderly_module_attributes():
        return import_module("skops.io")


@contextmanager
def _orderly_module_attributes() -> Iterator[None]:
    """Let ``getattr`` on omnibase_core's modules raise AttributeError for what they lack.

    They raise an error of their own, and skops, which looks at every loaded module while it is
    imported, takes no other than AttributeError for an answer.
    """
    changed = []
    for name, module in list(sys.modules.items()):
        original = getattr(module, "__dict__", {}).get("__getattr__")
        if name.partition(".")[0] == "omnibase_core" and original is not None:
            changed.append((module, original))
            vars(module)["__getattr__"] = _orderly(original)
    try:
        yield
    finally:
        for module, original in changed:
            vars(module)["__getattr__"] = original


def _orderly(original: Any) -> Any:
    def __getattr__(name: str) -> Any:  # noqa: N807 - a module's hook has this name
        try:
            return original(name)
        except AttributeError:
            raise
        except Exception as error:
            raise AttributeError(name) from error

    return __getattr__
