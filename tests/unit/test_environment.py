"""Copies of the environment while other threads change it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from nodewright import processes


def test_the_environment_is_copied_while_marks_come_and_go() -> None:
    done = Event()

    def mark() -> None:
        while not done.is_set():
            with processes.marking("1.1"):
                pass

    with ThreadPoolExecutor(1) as executor:
        marking = executor.submit(mark)
        try:
            for _ in range(20_000):
                assert processes.environment(NAME="value")["NAME"] == "value"
        finally:
            done.set()
        marking.result()
