"""What is known of the mixins on this machine: the catalogue, and the trials that were run.

Both are facts about one installed omnibase_core, so they live in files in a folder named after its
version, and are made anew, by themselves, when another version is installed.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from nodewright.logs import get_logger
from nodewright.mixins.catalogue import (
    CORE_PACKAGE,
    Catalogue,
    Scan,
    core_version,
    scan_package,
)
from nodewright.mixins.errors import MixinError
from nodewright.mixins.facts import Profile
from nodewright.mixins.kinds import NODE_KINDS
from nodewright.mixins.model_file import write_atomically
from nodewright.mixins.outcome import Outcome
from nodewright.mixins.trials import (
    Composition,
    PairTrial,
    Result,
    SetTrial,
    TrialWorker,
    try_pairs,
    try_set,
)
from nodewright.settings import Settings

FORMAT = 1
_MOST_REMEMBERED_SETS = 4096
_log = get_logger(__name__, component="mixins")

Key = tuple[str, str, str]


def pair_key(a: str, b: str, kind: str) -> Key:
    """The key of an unordered pair on a kind: names by code points."""
    return (a, b, kind) if a <= b else (b, a, kind)


class Knowledge:
    """The catalogue and the trials, loaded or made when first asked for. Safe to use from threads.

    Args:
        directory: where the files live, a folder per omnibase_core version below it.
        limit: seconds for one composition.
        workers: processes for trials of many pairs.
    """

    def __init__(self, directory: Path, *, limit: float = 10.0, workers: int = 2) -> None:
        self.version: str = core_version()
        self._directory = directory / f"core-{self.version}"
        self._limit = limit
        self._workers = workers
        self._lock = threading.RLock()
        self._worker = TrialWorker(limit)
        self._catalogue: Catalogue | None = None
        self._trials: dict[Key, PairTrial] | None = None
        self._solos: dict[tuple[str, str], Result] = {}
        self._sets: dict[tuple[str, tuple[str, ...]], SetTrial] = {}

    @property
    def catalogue(self) -> Catalogue:
        """All known mixins; the first call on a machine takes the seconds of importing them."""
        if self._catalogue is None:
            with self._lock:
                if self._catalogue is None:
                    self._catalogue = self._load_catalogue()
        return self._catalogue

    def scan(self, package: str) -> Scan:
        """Profile ``package`` and remember it; trials of its mixins are forgotten.

        Raises:
            ScanError: it does not import or has no mixins.
        """
        with self._lock:
            self._worker.close()  # a worker that has imported an older state of it would answer so
            scan = scan_package(package, self._worker)
            self._write(self._scan_file(package), scan.to_json())
            names = {profile.name for profile in scan.profiles}
            kept = {
                key: trial
                for key, trial in self._book().items()
                if not names.intersection(key[:2]) or package == CORE_PACKAGE
            }
            self._trials = kept
            self._save_trials()
            self._solos.clear()
            self._sets.clear()
            self._catalogue = self._load_catalogue()
        return scan

    def forget(self, package: str) -> None:
        """Leave ``package`` out of the catalogue from now on."""
        with self._lock:
            self._scan_file(package).unlink(missing_ok=True)
            self._catalogue = None

    def known_trial(self, a: str, b: str, kind: str) -> PairTrial | None:
        """The trial of a pair if it was run; nothing is run."""
        return self._book().get(pair_key(a, b, kind))

    def known_trials(self) -> list[PairTrial]:
        """All trials that were run, nothing is run."""
        return list(self._book().values())

    def trial(self, a: str, b: str, kind: str) -> PairTrial | None:
        """The trial of a pair, run now if it never was; None if one of them has no class.

        Raises:
            TrialWorkerError: the worker does not start.
        """
        known = self._book().get(pair_key(a, b, kind))
        if known is not None:
            return known
        first, second = sorted((a, b))
        profiles = self.catalogue.profile(first), self.catalogue.profile(second)
        if profiles[0] is None or profiles[1] is None:
            return None
        references = [(profile.module, profile.name) for profile in profiles if profile]
        results = self._worker.attempt(
            [Composition(kind, tuple(references)), Composition(kind, tuple(references[::-1]))]
        )
        tried = PairTrial(first, second, kind, results[0], results[1])
        with self._lock:
            self._book()[first, second, kind] = tried
        return tried

    def ensure_trials(
        self,
        kinds: Iterable[str] = NODE_KINDS,
        having: str | None = None,
        *,
        again: bool = False,
        on_progress: Callable[[int], None] | None = None,
    ) -> list[PairTrial]:
        """Try what was not tried yet, of ``kinds`` and ``having`` a mixin; save; return the new.

        Args:
            kinds: node kinds.
            having: one mixin that all pairs have.
            again: try also what was tried before.
            on_progress: called with the number of pairs just finished.
        """
        catalogue = self.catalogue
        with self._lock:
            book = self._book()
            missing = [
                key
                for key in (pair_key(*pair) for pair in catalogue.pairs(kinds, having))
                if again or key not in book
            ]
            if not missing:
                return []
            tried = try_pairs(
                [(self._profile(a), self._profile(b), kind) for a, b, kind in missing],
                workers=self._workers,
                limit=self._limit,
                on_progress=on_progress,
            )
            new = [
                trial._replace(mixin_a=a, mixin_b=b)
                for trial, (a, b, _) in zip(tried, missing, strict=True)
            ]
            book.update(zip(missing, new, strict=True))
            self._save_trials()
        return new

    def solo(self, name: str, kind: str) -> Result:
        """The trial of one mixin alone on ``kind``."""
        known = self._solos.get((name, kind))
        if known is None:
            profile = self._profile(name)
            composition = Composition(kind, ((profile.module, profile.name),))
            known = self._solos[name, kind] = self._worker.attempt([composition])[0]
        return known

    def solos(self, kind: str) -> dict[str, Result]:
        """The trials of every mixin alone on ``kind``."""
        mixins = self.catalogue.importable
        missing = [mixin for mixin in mixins if (mixin.name, kind) not in self._solos]
        results = self._worker.attempt(
            [
                Composition(kind, ((mixin.profile.module, mixin.profile.name),))
                for mixin in missing
                if mixin.profile is not None
            ]
        )
        for mixin, result in zip(missing, results, strict=True):
            self._solos[mixin.name, kind] = result
        return {mixin.name: self._solos[mixin.name, kind] for mixin in mixins}

    def set_trial(self, kind: str, names: Sequence[str]) -> SetTrial:
        """The trial of a whole set, of which an order that works is looked for."""
        asked = (kind, tuple(names))
        known = self._sets.get(asked)
        if known is None:
            tried = try_set(self._worker, kind, [self._profile(name) for name in names])
            by_class = {self._profile(name).name: name for name in names}
            known = tried._replace(order=tuple(by_class[name] for name in tried.order))
            if len(self._sets) >= _MOST_REMEMBERED_SETS:
                self._sets.clear()
            self._sets[asked] = known
        return known

    def close(self) -> None:
        """End the worker process."""
        self._worker.close()

    def _profile(self, name: str) -> Profile:
        profile = self.catalogue.profile(name)
        if profile is None:
            raise MixinError(f"mixin {name!r} has no class to try")
        return profile

    def _scan_file(self, package: str) -> Path:
        return self._directory / f"scan-{package}.json"

    def _load_catalogue(self) -> Catalogue:
        scans = {}
        for file in sorted(self._directory.glob("scan-*.json")):
            document = self._read(file)
            try:
                scan = Scan.from_json(document) if document else None
            except (KeyError, TypeError, ValueError, IndexError):
                _log.warning("mixins.scan.left_out", metadata={"file": str(file)})
                continue
            if scan is not None:
                scans[scan.package] = scan
        if CORE_PACKAGE not in scans:
            scans[CORE_PACKAGE] = scan_package(CORE_PACKAGE, self._worker)
            self._write(self._scan_file(CORE_PACKAGE), scans[CORE_PACKAGE].to_json())
        core = scans.pop(CORE_PACKAGE)
        return Catalogue.of([core, *scans.values()], self.version)

    def _book(self) -> dict[Key, PairTrial]:
        if self._trials is None:
            with self._lock:
                if self._trials is None:
                    self._trials = self._load_trials()
        return self._trials

    def _load_trials(self) -> dict[Key, PairTrial]:
        document = self._read(self._directory / "trials.json")
        try:
            rows = document["trials"] if document else []
            trials = [
                PairTrial(str(a), str(b), str(kind), _result(first), _result(second))
                for a, b, kind, first, second in rows
            ]
        except (KeyError, TypeError, ValueError):
            _log.warning(
                "mixins.trials.unreadable",
                metadata={"file": str(self._directory / "trials.json"), "then": "run again"},
            )
            return {}
        return {(trial.mixin_a, trial.mixin_b, trial.kind): trial for trial in trials}

    def _save_trials(self) -> None:
        self._write(self._directory / "trials.json", {"trials": list(self._book().values())})

    def _read(self, file: Path) -> dict[str, Any] | None:
        try:
            document = orjson.loads(file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, orjson.JSONDecodeError) as error:
            _log.warning(
                "mixins.file.unreadable",
                metadata={"file": str(file), "reason": str(error), "then": "made again"},
            )
            return None
        fits = isinstance(document, dict) and document.get("format") == FORMAT
        return document if fits else None

    def _write(self, file: Path, document: dict[str, Any]) -> None:
        data = orjson.dumps({"format": FORMAT, **document}, default=_plain)
        try:
            write_atomically(file, data)
        except OSError as error:  # a read-only home costs the next process some seconds, no more
            _log.warning(
                "mixins.file.not_written", metadata={"file": str(file), "reason": str(error)}
            )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):  # orjson takes no named tuples
        return list(value)
    raise TypeError(f"{type(value).__name__} is not written")


def _result(entry: Any) -> Result:
    outcome, reason = entry
    return Result(Outcome(outcome), str(reason))


@lru_cache(maxsize=8)
def knowledge_at(directory: Path) -> Knowledge:
    """The one ``Knowledge`` of this process for ``directory``, so that workers are shared."""
    return Knowledge(directory)


def default_knowledge() -> Knowledge:
    """The ``Knowledge`` in the user's data directory."""
    return knowledge_at(Settings().data_dir / "mixins")
