"""Public names as users write them: never run, read by the type checkers."""

import nodewright


def version() -> str:
    return nodewright.__version__
