"""One knowledge for all tests of mixins: the real trials of omnibase_core are run once."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from nodewright.mixins.knowledge import Knowledge, knowledge_at
from nodewright.mixins.learner import MixinLearner
from nodewright.storage import CodegenPersistence


@pytest.fixture(scope="session")
def knowledge(data_dir: Path) -> Iterator[Knowledge]:
    made = knowledge_at(data_dir / "mixins")
    made.ensure_trials()
    yield made
    made.close()


@pytest.fixture(scope="session")
def model_path(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory, server: str) -> Path:
    """A trained model's file."""
    path = tmp_path_factory.mktemp("model") / "model.skops"
    records = CodegenPersistence(server)
    learner = MixinLearner(path, auto_train=True, persistence=records, knowledge=knowledge)
    assert learner.is_trained()
    records.sync.close()
    return path


@pytest.fixture
def learner(
    model_path: Path, knowledge: Knowledge, persistence: CodegenPersistence, tmp_path: Path
) -> MixinLearner:
    """A trained learner with a fresh database and a file of its own."""
    own = tmp_path / "model.skops"
    own.write_bytes(model_path.read_bytes())
    return MixinLearner(own, persistence=persistence, knowledge=knowledge)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, str]], str]:
    """Make an importable package of a dict of files; gives its name."""

    def make(files: Mapping[str, str]) -> str:
        name = f"acme_{uuid4().hex[:8]}"
        for file, text in {"__init__.py": "", **files}.items():
            path = tmp_path / "site" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
        return name

    return make
