"""A script: runs the tests of a package under changes of one file each, in a child process each.

Its argument is the package's folder; standard input has a list of [path, content] as JSON. It
prints for each whether its tests pass.
"""

import importlib
import json
import os
import sys
from pathlib import Path

import pytest


def _passes(folder: Path) -> bool:
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    code = 1
    try:
        sys.dont_write_bytecode = True
        os.chdir(folder)
        sys.path[:0] = [str(folder / "src"), str(folder / "tests")]
        options = ["--rootdir=.", "-c", "pyproject.toml", "--assert=plain", "-x"]
        plugins = ["-p", "no:cacheprovider", "-p", "no:terminal", "-p", "pytest_asyncio.plugin"]
        tests = [str(path) for path in Path("tests").glob("test_node_*.py")]
        code = int(pytest.main([*options, *plugins, *tests]))
    finally:
        os._exit(code)


def main() -> None:
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for module in ("pydantic", "pytest_asyncio.plugin"):
        importlib.import_module(module)
    folder = Path(sys.argv[1])
    verdicts = [_passes(folder)]
    for path, content in json.load(sys.stdin):
        file = folder / path
        before = file.read_text(encoding="utf-8")
        file.write_text(content, encoding="utf-8")
        verdicts.append(_passes(folder))
        file.write_text(before, encoding="utf-8")
    print(f"\n{json.dumps(verdicts)}")


if __name__ == "__main__":
    main()
