"""Forked children, and what they inherit."""

import ctypes
import os


class Forks:
    """How many forks lie between the first process and this one; to look costs no system call."""

    def __init__(self) -> None:
        self.count: int = 0
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        self.count += 1


forks: Forks = Forks()


def never_destroy(inherited: object) -> None:
    """Keep what a child has of its parent until the child is gone.

    To destroy a librdkafka client waits for its threads, and a child has none of its parent's: it
    would hang or crash, at its end at the latest.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))
