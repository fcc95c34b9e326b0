"""The model's file: a skops archive that is read without running code, and checked before use."""

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
    if path.stat().st_size > _MOST_BYTES:
        raise ModelFileError(f"model file {path} is larger than {_MOST_BYTES:,} bytes: not ours")
    try:
        unpacked = _unpacked_size(path)
        if unpacked <= _MOST_UNPACKED:
            untrusted, document = _unpack(path.read_bytes())
    except Exception as error:
        raise ModelFileError(
            f"model file {path} cannot be read ({type(error).__name__}: {error}): "
            "it is truncated or was not written by nodewright; train again"
        ) from error
    if unpacked > _MOST_UNPACKED:
        raise ModelFileError(f"model file {path} would unpack to {unpacked:,} bytes: not ours")
    if untrusted:
        listed = ", ".join(sorted(untrusted))
        raise ModelFileError(f"model file {path} holds types that are not trusted: {listed}")
    return _checked(path, document, core_version)


def _unpack(data: bytes) -> tuple[set[str], Any]:
    """Types that are not trusted and, if there are none, the document."""
    skops = _skops()
    untrusted = set(skops.get_untrusted_types(data=data)) - set(_TRUSTED)
    return untrusted, None if untrusted else skops.loads(data, trusted=list(_TRUSTED))


def _unpacked_size(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _checked(path: Path, document: Any, core_version: str) -> Saved:
    from sklearn.ensemble import RandomForestClassifier

    expected = {"format", "omnibase_core", "features", "metrics", "forest"}
    if not isinstance(document, dict) or set(document) != expected:
        raise ModelFileError(f"model file {path} is not a mixin model of nodewright; train again")
    wanted = {
        "format": FORMAT,
        "omnibase_core": core_version,
        "features": list(FEATURE_NAMES),
    }
    for name, value in wanted.items():
        if document[name] != value:
            raise ModelFileError(
                f"model file {path} is outdated: its {name} is {document[name]!r}, "
                f"this installation needs {value!r}; train again"
            )
    forest = document["forest"]
    if (
        not isinstance(forest, RandomForestClassifier)
        or sorted(map(bool, forest.classes_)) != [False, True]
        or forest.n_features_in_ != len(FEATURE_NAMES)
    ):
        raise ModelFileError(f"model file {path} holds no forest of this shape; train again")
    return Saved(forest, document["metrics"])


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
