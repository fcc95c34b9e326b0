"""What feedback teaches the matcher: a proven threshold and a calibration for each pattern."""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import errors as pg
from psycopg.rows import dict_row

from nodewright.logs import get_logger
from nodewright.patterns.matcher import PatternMatcher
from nodewright.patterns.recalibration import Calibration, fit
from nodewright.patterns.thresholds import Judged, Tuned, tune
from nodewright.patterns.watch import FeedbackWatch
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence, StorageError, queries
from nodewright.storage.database import Database

WINDOW = 2_000
"""The latest judgements of a pattern that its threshold and calibration come from."""

FEWEST = 20
"""Judgements with a confidence below which a pattern stays as its file says."""

_CACHE_S = 300.0
_AWAY_S = 10.0  # a dead database is asked again after that long
_MOST_NAMES = 100
_MOST_ROWS = 2**31 - 1
_NONE: Mapping[str, "Tuning"] = MappingProxyType({})
_log = get_logger(__name__, component="patterns")


@dataclass(frozen=True, slots=True)
class Tuning:
    """How to read the matcher's confidences of one pattern.

    Attributes:
        pattern: its name.
        target: the precision that was asked for.
        tuned: the proven threshold on the library's own confidence, or why there is none.
        calibration: from the library's own confidence to the probability of being right.
    """

    pattern: str
    target: float
    tuned: Tuned
    calibration: Calibration

    def detects(self, score: float) -> bool:
        """Whether the library's own confidence ``score`` counts as a detection.

        Without a proven threshold each detection has to be as probable as the target by itself.
        """
        if self.tuned.threshold is not None:
            return score >= self.tuned.threshold
        return self.calibration(score) >= self.target


def read_analyses(
    persistence: CodegenPersistence,
    pattern: str | None = None,
    *,
    least: int = 1,
    window: int = WINDOW,
) -> list[dict[str, Any]]:
    """Rows of the query ``analyses``: of one pattern or of all; see ``feedback.sql``."""
    if pattern is not None and not _storable(pattern):
        return []
    return persistence.sync.database.fetch(_query(), _parameters(pattern, least, window))


def _query() -> queries.Query:
    return queries.load("nodewright.patterns", "feedback.sql")["analyses"]


def _parameters(pattern: str | None, least: int, window: int) -> dict[str, Any]:
    most = min(least, _MOST_ROWS)
    return {"pattern": pattern, "least": most, "window": window, "names": _MOST_NAMES}


def _storable(name: str) -> bool:
    """Whether a record could have this name: PostgreSQL holds no NUL and no lone surrogate."""
    return "\0" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)


def judged_of(row: Mapping[str, Any]) -> list[Judged]:
    """The judgements in a row of `read_analyses`."""
    return [
        Judged(int(step), bool(hit), float(weight), int(count))
        for step, hit, weight, count in row["judged"]
    ]


def tuning_of(pattern: str, judged: Sequence[Judged], target: float) -> Tuning:
    """What ``judged`` teach of ``pattern``; both are of the library's own confidences."""
    return Tuning(pattern, target, tune(judged, target), fit(judged))


def tunings(rows: Iterable[Mapping[str, Any]], target: float) -> dict[str, Tuning]:
    """Pattern -> tuning, of those patterns that enough judgements speak of."""
    found = {}
    for row in rows:
        judged = judged_of(row)
        if sum(group.count for group in judged) >= FEWEST:
            found[row["pattern_name"]] = tuning_of(row["pattern_name"], judged, target)
    return found


def read_tunings(
    persistence: CodegenPersistence, target: float, names: Sequence[str] | None = None
) -> dict[str, Tuning]:
    """Pattern -> tuning for ``target``, of all judged patterns or of ``names``.

    Raises:
        ValueError: a target that is no precision.
        StorageUnavailableError: the database stayed away.
    """
    judged = {row["pattern_name"]: judged_of(row) for row in read_analyses(persistence)}
    return {
        name: tuning_of(name, judged.get(name, []), target)
        for name in (sorted(judged) if names is None else names)
    }


class FeedbackTuning:
    """The tunings of all patterns as the feedback stands now, for a `PatternMatcher`.

    They are kept in memory, and dropped when any process records. A database that is away leaves
    the last known ones, or the library as it is, and is reported.

    Args:
        persistence: where the feedback is.
        target: the precision to reach.
        watch: of the same database, where the caller has one.
    """

    def __init__(
        self,
        persistence: CodegenPersistence,
        target: float,
        watch: FeedbackWatch | None = None,
    ) -> None:
        self.target = target
        self._persistence = persistence
        self._watch = watch or FeedbackWatch(persistence.sync.database)
        self._lock = threading.Lock()
        self._known: Mapping[str, Tuning] = _NONE
        self._version: int | None = None
        self._until = self._away_until = 0.0

    def current(self) -> Mapping[str, Tuning]:
        """Pattern -> tuning; not to be changed."""
        version = self._watch.version
        if version is not None and version == self._version and time.monotonic() < self._until:
            return self._known
        with self._lock:
            if time.monotonic() < self._away_until:
                return self._known
            version = self._watch.begin()
            rows = self._read() if version is not None else None
            if rows is None:
                self._away_until = time.monotonic() + _AWAY_S
                return self._known
            self._known = MappingProxyType(tunings(rows, self.target))
            self._version, self._until = version, time.monotonic() + _CACHE_S
            return self._known

    def _read(self) -> list[dict[str, Any]] | None:
        try:
            return read_analyses(self._persistence, least=FEWEST)
        except StorageError as error:
            _log.warning("patterns.feedback.not_the_latest", metadata={"reason": str(error)})
            return None

    def close(self) -> None:
        """Stop listening; the next `current` begins again."""
        self._watch.close()


def tuned_matcher(settings: Settings | None = None) -> PatternMatcher:
    """A matcher with the user's patterns and the configured database's feedback as it stands now.

    The database is read once, by the first match, over one connection that is closed again. One
    that is away, or was never made, leaves the library as it is and is not made for this.
    """
    settings = settings or Settings()
    return PatternMatcher(folder=settings.pattern_folder, tuning=_TuningAtFirst(settings))


class _TuningAtFirst:
    """The tunings at the moment of the first question."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def current(self) -> Mapping[str, Tuning]:
        return self._known

    @cached_property
    def _known(self) -> Mapping[str, Tuning]:
        database = Database(settings=self._settings)
        if not database.exists:
            return _NONE
        try:
            with database.connect(migrated=False) as connection:
                cursor = connection.cursor(row_factory=dict_row)
                rows = cursor.execute(_query().sql, _parameters(None, FEWEST, WINDOW)).fetchall()
        except (pg.UndefinedTable, pg.InvalidSchemaName):
            return _NONE  # nobody has recorded anything there yet
        except (StorageError, psycopg.Error) as error:
            _log.warning("patterns.feedback.unreadable", metadata={"reason": str(error)})
            return _NONE
        finally:
            database.close()
        return MappingProxyType(tunings(rows, self._settings.pattern_target_precision))
