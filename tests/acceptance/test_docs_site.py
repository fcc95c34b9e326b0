"""The documentation builds without a warning, is complete, and what is generated is current."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import typer
from tests.acceptance.pages import ROOT

import nodewright
from nodewright.cli.app import COMMANDS
from nodewright.settings import Settings

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a warning of mkdocs or of mkdocstrings ends the build."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return folder


@contextmanager
def script(name: str) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS / "scripts")
        yield import_module(name)


def test_every_public_name_has_a_place_in_the_api(site: Path) -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (site / "api").glob("*.html"))
    shown = {name.rpartition(".")[2] for name in re.findall(r'id="(nodewright\.[\w.]+)"', pages)}
    assert set(nodewright.__all__) - shown - {"__version__", "Settings"} == set()


def test_every_page_is_built(site: Path) -> None:
    pages = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    assert pages <= {path.relative_to(site) for path in site.rglob("*.html")}


def test_the_picture_is_drawn_from_the_imports_as_they_are() -> None:
    with script("architecture") as architecture:
        assert architecture.picture() == architecture.PICTURE.read_text(encoding="utf-8"), (
            "run make docs"
        )


def test_commands_and_settings_are_written_from_the_package_as_it_is() -> None:
    with script("reference_pages") as reference:
        for path, text in reference.pages().items():
            assert path.read_text(encoding="utf-8") == text, "run make docs"


def test_every_setting_is_documented() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"`NODEWRIGHT_{name.upper()}`" in text
        assert field.description


def test_every_command_is_documented() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    for name, (module, _) in COMMANDS.items():
        assert f"## nodewright {name}\n" in text
        group = typer.main.get_command(import_module(module).app)
        for inner in getattr(group, "commands", {}):
            assert f"### nodewright {name} {inner}\n" in text


def test_the_architecture_says_where_fifteen_things_are() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("## Where is ...")[2].partition("\n## ")[0]
    answers = dict(re.findall(r"^\| (.+\?) \| `([^`]+)` \|$", table, re.MULTILINE))
    assert len(answers) == len(set(answers.values())) == 15
    assert [path for path in answers.values() if not (ROOT / path).is_file()] == []


def test_the_architecture_names_rooms_that_are_there() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    stages = text.partition("## One run")[2].partition("\n1. ")[0]
    rooms = [
        name
        for row in re.findall(r"^\| [^|]+ \| (`[^|]+) \|", stages, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    ]
    assert len(rooms) > 7
    assert [room for room in rooms if not (ROOT / "src/nodewright" / room).is_dir()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_pages_beside_the_docs_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        # make bench writes the one page that may be absent.
        if "://" not in target and target != "docs/benchmarks.md":
            assert (ROOT / target).exists(), f"{page} links to {target}"


def test_settings_named_in_prose_exist() -> None:
    """A variable that a page names is one of the settings."""
    known = {f"NODEWRIGHT_{name.upper()}" for name in Settings.model_fields}
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for name in re.findall(r"`(NODEWRIGHT_[A-Z_]+[A-Z])\b", page.read_text(encoding="utf-8")):
            assert name in known, f"{page.name} names {name}"


def test_benchmarks_named_in_prose_exist() -> None:
    for page in DOCS.rglob("*.md"):
        for name in re.findall(r"python -m (benchmarks[\w.]*)", page.read_text(encoding="utf-8")):
            path = ROOT / name.replace(".", os.sep)
            assert path.with_suffix(".py").exists() or path.is_dir(), f"{page.name} names {name}"
