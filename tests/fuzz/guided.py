"""Fuzzing guided by coverage: ``python -m tests.fuzz.guided TARGET [SECONDS]``.

Needs atheris, which is no dependency: ``uv run --with atheris python -m tests.fuzz.guided prd 60``.
"""

import logging
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Fuzz one target until an input breaks it or the time is over."""
    import atheris

    name, seconds = arguments[0], arguments[1] if len(arguments) > 1 else "60"
    logging.disable(logging.CRITICAL)
    with atheris.instrument_imports(include=["nodewright"]):
        from tests.fuzz import targets

    options = [sys.argv[0], f"-max_total_time={seconds}", "-timeout=30", "-rss_limit_mb=4096"]
    atheris.Setup(options, targets.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
