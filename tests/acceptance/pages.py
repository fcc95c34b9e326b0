"""Reads the code blocks of a page of the documentation, and runs them.

A page is run like a notebook, from top to bottom in one folder that starts empty but for the
checkout's ``examples`` and ``deploy``. Every fence names its language; ``python`` and ``shell``
run.

- ``title="service.py"`` after the language: the block is that file's content; it is written.
- ``title="Output"``: what the block before it prints. Each line has to be among the printed ones;
  ``...`` stands for any text, and times, progress counters, numbers of files and tests and
  the widths of columns may differ.
- A first line ``# not run in the tests: <reason>``: the block is read by its language's parser and
  not run. Readers see the line as well.

Python blocks share one namespace, and may ``await`` at the top, as in ``python -m asyncio``. The
working folder and the exported variables of a shell block hold for the blocks after it.
Ports that pages name are replaced by free ones.

``python -m tests.acceptance.pages PAGE FOLDER`` runs one page; what it starts, it ends.
"""

import ast
import asyncio
import contextlib
import inspect
import io
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
RUN = {"python", "shell"}
_NOT_RUN = re.compile(r"# not run in the tests: (?P<reason>\S.*)")
_TITLE = re.compile(r'\btitle="([^"]+)"')
_PORTS = ("8000", "8765")


@dataclass(frozen=True)
class Block:
    """A fence; ``line`` is that of its first line of code, counted from 1."""

    line: int
    language: str
    title: str
    code: str

    @property
    def reason(self) -> str:
        """Why the block is not run; empty if it is."""
        found = _NOT_RUN.match(self.code)
        return found["reason"] if found else ""


def blocks(page: Path) -> list[Block]:
    """The fences of a page, and its indented blocks, which have no language."""
    found = []
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type in {"fence", "code_block"} and token.map:
            language, _, rest = token.info.strip().partition(" ")
            title = _TITLE.search(rest)
            line = token.map[0] + (2 if token.type == "fence" else 1)
            found.append(Block(line, language, title[1] if title else "", token.content))
    return found


class Page:
    """Runs the blocks of one page."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.printed = ""
        self.groups: list[int] = []
        self.ports = {port: str(_free_port()) for port in _PORTS}

    def run(self) -> None:
        """Run all blocks.

        Raises:
            Exception: what a block raises; the traceback names the page and its line.
        """
        try:
            with asyncio.Runner() as runner:
                for block in blocks(self.path):
                    sys.stderr.write(f"{self.path.name}:{block.line} {block.language}\n")
                    self._run(block, runner)
        finally:
            for group in self.groups:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)

    def _run(self, block: Block, runner: asyncio.Runner) -> None:
        if block.title == "Output":
            self._compare(block)
        elif block.title:
            path = Path(block.title)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, encoding="utf-8")
        elif block.reason or block.language not in RUN:
            self.printed = ""
        elif block.language == "python":
            self._python(block, runner)
        else:
            self._shell(block)

    def _python(self, block: Block, runner: asyncio.Runner) -> None:
        code = compile(
            "\n" * (block.line - 1) + block.code,
            str(self.path),
            "exec",
            ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        )
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            if code.co_flags & inspect.CO_COROUTINE:
                runner.run(eval(code, self.names))  # noqa: S307 - the project's own pages
            else:
                exec(code, self.names)  # noqa: S102
        self.printed = printed.getvalue()

    def _shell(self, block: Block) -> None:
        code = block.code
        for port, free in self.ports.items():
            code = re.sub(rf"(?<=[: ]){port}\b", free, code)
        with tempfile.NamedTemporaryFile() as output, tempfile.NamedTemporaryFile() as state:
            # Not a pipe: what a block leaves in the background would keep it open.
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", f"{code}\n(pwd; env -0) >{state.name}"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self.groups.append(process.pid)
            failed = process.wait()
            self.printed = Path(output.name).read_text(encoding="utf-8")
            if failed:
                raise SystemExit(
                    f"{self.path}:{block.line}: exit code {failed} of\n{code}\n{self.printed}"
                )
            folder, _, variables = Path(state.name).read_text(encoding="utf-8").partition("\n")
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(line.split("=", 1) for line in variables.split("\0") if line)

    def _compare(self, block: Block) -> None:
        printed = {_comparable(line) for line in self.printed.splitlines()}
        for line in block.code.splitlines():
            expected = _comparable(line)
            parts = [re.escape(part) for part in expected.split("...")]
            if not any(re.fullmatch(".*".join(parts), line) for line in printed):
                raise SystemExit(
                    f"{self.path}:{block.line}: not printed:\n{line}\nbut:\n{self.printed}"
                )


def _comparable(line: str) -> str:
    """``line`` without what differs from run to run."""
    line = re.sub(r"\d+(\.\d+)?(?= ?m?s\b)", "0", line)
    line = re.sub(r"\[\d+/", "[0/", line)
    line = re.sub(r"\d+(?= +\d+ checks passed| passed in)", "0", line)
    line = re.sub(r"─+", "─", line)
    return " ".join(line.split())


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def main(page: str, folder: str) -> None:
    """Run ``page`` in ``folder``."""
    os.chdir(folder)
    for name in ("examples", "deploy"):
        Path(name).symlink_to(ROOT / name)
    Page(Path(page)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
