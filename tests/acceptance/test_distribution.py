"""The wheel and the source distribution hold what they need; the installed wheel does the job."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodewright import __version__
from nodewright.cli.app import COMMANDS

ROOT = Path(__file__).parents[2]
PRD = ROOT / "examples" / "ticketing.md"


def run(*words: object, cwd: Path, **environment: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (
        f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    )
    return done.stdout


def find_uv() -> str | None:
    """uv: the one that runs this, the one on the PATH, or the one that ``make`` fetched."""
    fetched = ROOT / ".tools" / "bin" / "uv"
    return (
        os.environ.get("UV") or shutil.which("uv") or (str(fetched) if fetched.exists() else None)
    )


def with_uv(uv: str, *words: object, cwd: Path) -> str:
    """Run uv on what its cache holds, and with the network where that is not enough."""
    try:
        return run(uv, "--offline", *words, cwd=cwd)
    except AssertionError:
        return run(uv, *words, cwd=cwd)


def tracked(folder: str = ".") -> set[str]:
    """The files of a folder that belong to the project."""
    if not (ROOT / ".git").exists():
        pytest.skip("only a checkout knows which files belong to it")
    return set(run("git", "ls-files", folder, cwd=ROOT).splitlines())


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Short, because the path of a socket has at most 107 characters.
    path = Path(tempfile.mkdtemp(prefix="nwd-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def distributions(folder: Path) -> tuple[Path, Path]:
    """The source distribution, and the wheel that was built from it."""
    uv, out = find_uv(), folder / "dist"
    if uv:
        with_uv(uv, "build", "--quiet", "--out-dir", out, ROOT, cwd=folder)
    else:
        run(sys.executable, "-m", "venv", folder / "building", cwd=folder)
        python = folder / "building" / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", "build", cwd=folder)
        run(python, "-m", "build", "--outdir", out, ROOT, cwd=folder)
    [source], [wheel] = out.glob("*.tar.gz"), out.glob("*.whl")
    assert __version__ in source.name
    assert __version__ in wheel.name
    return source, wheel


@pytest.fixture(scope="module")
def installed(folder: Path, distributions: tuple[Path, Path]) -> Path:
    """The bin folder of an environment that has the wheel and what it requires, nothing else."""
    uv, environment = find_uv(), folder / "env"
    _, wheel = distributions
    if uv:
        locked = folder / "locked.txt"
        wanted = ("--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--output-file")
        with_uv(uv, "export", "--quiet", *wanted, locked, "--project", ROOT, cwd=folder)
        with_uv(uv, "venv", "--quiet", "--python", sys.executable, environment, cwd=folder)
        python = environment / "bin" / "python"
        pip = (uv, "pip", "install", "--quiet", "--python", python, "--constraints", locked)
        with_uv(*pip, wheel, cwd=folder)
    else:
        run(sys.executable, "-m", "venv", environment, cwd=folder)
        run(environment / "bin" / "python", "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    return environment / "bin"


def test_the_wheel_holds_the_package_and_nothing_else(distributions: tuple[Path, Path]) -> None:
    _, wheel = distributions
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
        [metadata] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        said = archive.read(metadata).decode()
    assert inside == {path.removeprefix("src/") for path in tracked("src")}
    assert "nodewright/py.typed" in inside
    assert "Requires-Python: >=3.12" in said
    assert "License-Expression: MIT" in said


def test_the_source_distribution_is_the_project(distributions: tuple[Path, Path]) -> None:
    source, _ = distributions
    with tarfile.open(source) as archive:
        members = archive.getmembers()
    inside = {member.name.partition("/")[2] for member in members if member.isfile()}
    project = tracked()
    assert inside - project == {"PKG-INFO"}
    left_out = {path for path in project - inside if not path.startswith((".ci/", ".github/"))}
    assert left_out == set()
    assert not [member.name for member in members if member.issym() or member.islnk()]


def test_the_installed_wheel_runs_the_demo(installed: Path, folder: Path) -> None:
    work = folder / "work"
    work.mkdir()
    shutil.copy(PRD, work)
    data = {
        "NODEWRIGHT_DATA_DIR": str(folder / "data"),
        "PATH": f"{installed}:{os.environ['PATH']}",
    }
    command = installed / "nodewright"
    generate = (command, "generate", PRD.name, "--output", "out", "--package", "ticketing")

    assert "nodewright" in run(command, "--version", cwd=work, **data)
    assert "Ticket" in run(command, "analyze", PRD.name, cwd=work, **data)
    assert "NodeTicketEffect" in run(*generate, "--dry-run", cwd=work, **data)
    assert not (work / "out").exists()
    assert "6 of 6 nodes proven" in run(*generate, cwd=work, **data)
    assert "passed" in run(installed / "python", "-m", "pytest", "-q", cwd=work / "out", **data)
    assert "total" in run(command, "stats", cwd=work, **data)


def test_commands_and_public_names_need_no_extra(installed: Path, folder: Path) -> None:
    code = """
import importlib.util, sys
import nodewright
assert not importlib.util.find_spec("starlette")
for module in sys.argv[1:]:
    assert importlib.import_module(module).app.registered_commands
print(sum(getattr(nodewright, name) is not None for name in nodewright.__all__))
"""
    modules = [module for module, _ in COMMANDS.values()]
    assert int(run(installed / "python", "-c", code, *modules, cwd=folder)) > 40
