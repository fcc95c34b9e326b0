"""How the command ends: one of the documented exit codes, and its last words.

An error is one line on standard error. With ``--json`` it is a JSON document on standard output
too, so that whoever reads JSON gets JSON whatever happens.
"""

import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from nodewright.cli.output import print_json, printable
from nodewright.cli.streams import OutputError, standard_streams
from nodewright.errors import NodewrightError

SUCCESS = 0
NO = 1
"""The answer is no: a node failed, something is not well, something is left."""
BAD_INPUT = 2
FAULT = 70
"""A fault of nodewright itself; its traceback is on standard error."""
INTERRUPTED = 130
TERMINATED = 143


def run(command: Callable[[Sequence[str]], object], arguments: Sequence[str]) -> int:
    """Call ``command`` with ``arguments``; the exit code of how it ended."""
    with standard_streams(), _termination():
        return _called(command, arguments)


def _called(command: Callable[[Sequence[str]], object], arguments: Sequence[str]) -> int:
    as_json = "--json" in arguments
    try:
        code = command(arguments)
        sys.stdout.flush()
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except (NodewrightError, OSError) as error:
        return _failed(str(error), as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the last place that can say what happened
        if not hasattr(error, "exit_code"):
            traceback.print_exc()
            return _failed(f"{type(error).__name__}: {error}", as_json=as_json, code=FAULT)
        return _misused(error, as_json=as_json)
    return code if isinstance(code, int) else SUCCESS


def _misused(error: Any, *, as_json: bool) -> int:
    """What typer says of wrong usage; it keeps the class of that error to itself."""
    error.show()
    if as_json:
        _print_error(error.format_message())
    return BAD_INPUT


def _failed(message: str, *, as_json: bool, code: int = BAD_INPUT) -> int:
    line = printable(" ".join(message.split()))
    print(f"nodewright: {line}", file=sys.stderr)  # noqa: T201 - this is the command's voice
    if as_json:
        _print_error(line)
    return code


def _print_error(message: str) -> None:
    with suppress(OutputError):
        print_json({"error": message})


@contextmanager
def _termination() -> Iterator[None]:
    """While open, SIGTERM ends the process as an exit does: what waits is written first."""

    def end(_signal: int, _frame: object) -> NoReturn:
        raise SystemExit(TERMINATED)

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
