"""``nodewright serve`` as a process."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx

COMMAND = [sys.executable, "-c", "from nodewright.cli.app import main; main()", "serve"]


def test_serve_answers_and_ends_when_interrupted(server: str) -> None:
    assert server
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    process = subprocess.Popen([*COMMAND, "--port", str(port)], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert f"http://127.0.0.1:{port}/" in process.stderr.readline()
        assert wait_until_ready(f"http://127.0.0.1:{port}/readyz") == 200
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
        assert text == "" or text.startswith("# HELP")
    finally:
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=30)
    assert "Traceback" not in rest


def wait_until_ready(url: str) -> int:
    status = 0
    deadline = time.monotonic() + 60
    while status != 200 and time.monotonic() < deadline:
        try:
            status = httpx.get(url, timeout=30).status_code
        except httpx.TransportError:
            time.sleep(0.1)
    return status


def test_serve_refuses_other_machines_without_a_token() -> None:
    clean = {name: text for name, text in os.environ.items() if name != "NODEWRIGHT_WEB_TOKEN"}
    done = subprocess.run(
        [*COMMAND, "--host", "0.0.0.0"],  # noqa: S104 - what is refused
        capture_output=True,
        text=True,
        check=False,
        env=clean,
        timeout=60,
    )
    assert done.returncode == 2
    assert "NODEWRIGHT_WEB_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr
