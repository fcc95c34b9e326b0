"""Run with ``python -m benchmarks.logging``; ``--json`` gives one JSON object."""

import tempfile
import threading
from functools import partial
from pathlib import Path

from benchmarks.logging.contenders import Loop, SetUp, present
from benchmarks.ratios import Contender, Figure, Timing, alternate, report

ENTRIES = 2000
THREADS = 8
FRAMES = "exception of 12 frames"
OWN, BRIDGE = "nodewright", "nodewright, stdlib bridge"
STRUCTLOG, LOGURU, PJL = "structlog, fastest", "loguru, serialize", "python-json-logger, orjson"


def in_threads(loop: Loop) -> None:
    """As many entries as `ENTRIES`, four times, from all threads together."""
    part = ENTRIES * 4 // THREADS
    threads = [threading.Thread(target=loop, args=(part,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def an_exception(frames: int) -> BaseException:
    def fall(depth: int) -> None:
        if depth > 1:
            fall(depth - 1)
        raise ValueError("no such template")

    try:
        fall(frames - 1)
    except ValueError as error:
        return error
    raise AssertionError


def measured(setups: dict[str, SetUp]) -> dict[str, dict[str, Timing]]:
    """Subject -> contender -> timing; each subject's contenders alternate."""
    error = an_exception(12)
    two = {name: setups[name] for name in (OWN, STRUCTLOG) if name in setups}
    subjects: dict[str, list[Contender]] = {
        "entry": [Contender(n, partial(s.info, ENTRIES), ENTRIES) for n, s in setups.items()],
        "disabled debug": [
            Contender(n, partial(s.debug, 20_000), 20_000) for n, s in two.items() if s.debug
        ],
        "8 threads": [
            Contender(n, partial(in_threads, s.info), ENTRIES * 4) for n, s in two.items()
        ],
        FRAMES: [
            Contender(n, partial(s.error, 200, error), 200) for n, s in setups.items() if s.error
        ],
    }
    return {subject: alternate(contenders, 31) for subject, contenders in subjects.items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        timings = measured(dict(present(Path(folder))))
    targets = [
        ("an entry, faster than structlog", "entry", OWN, STRUCTLOG, 3.0, True),
        ("an entry, faster than loguru", "entry", OWN, LOGURU, 8.0, True),
        ("an entry, faster than python-json-logger", "entry", OWN, PJL, 5.0, True),
        ("8 threads, throughput of structlog's", "8 threads", OWN, STRUCTLOG, 2.5, True),
        (
            "an exception, faster than structlog",
            "exception of 12 frames",
            OWN,
            STRUCTLOG,
            5.0,
            True,
        ),
        ("the bridge, faster than python-json-logger", "entry", BRIDGE, PJL, 1.0, True),
        ("a disabled debug, of structlog's time", "disabled debug", STRUCTLOG, OWN, 0.5, False),
    ]
    figures = [
        Figure(name, timings[s][peer].median / timings[s][ours].median, target, at_least)
        for name, s, ours, peer, target, at_least in targets
        if {ours, peer} <= timings[s].keys()
    ]
    rows = [
        Timing(f"{subject}: {timing.name}", timing.median, timing.best, timing.rounds)
        for subject, found in timings.items()
        for timing in found.values()
    ]
    report("Logging", rows, figures, ["Redaction of the usual secrets is on in nodewright."])


if __name__ == "__main__":
    main()
