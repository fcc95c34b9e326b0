"""Packs: overlay, sandbox, confinement, errors that name file and line."""

import hashlib
import os
import pickle
from pathlib import Path

import pytest

import nodewright.templates.pack as pack_module
from nodewright.templates import TemplateError, TemplatePack, UnknownTemplateError

BUILTIN = {
    "node_effect/node.py.j2": "{# version: 3 #}\nclass {{ name|pascal }}: ...\n",
    "node_effect/contract.yaml.j2": "name: {{ name|yamlstr }}\n",
    "package/readme.md.j2": "# {{ name|mdtext }}\n",
    "macros.j2": "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}\n",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def builtin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = write(tmp_path / "builtin", BUILTIN)
    monkeypatch.setattr(pack_module, "BUILTIN", root)
    return root


@pytest.fixture
def overlay(builtin: Path, tmp_path: Path) -> Path:  # noqa: ARG001 - the built-in pack is replaced
    root = tmp_path / "overlay"
    root.mkdir()
    return root


def pack_of(overlay: Path, text: str) -> TemplatePack:
    write(overlay, {"t.j2": text})
    return TemplatePack(overlay)


@pytest.mark.usefixtures("builtin")
def test_the_built_in_pack_renders_and_tells_versions() -> None:
    pack = TemplatePack()
    assert pack.names() == sorted(BUILTIN)
    assert pack.render("node_effect/node.py.j2", {"name": "user_service"}) == (
        "class UserService: ...\n"
    )
    source, version = pack.template("node_effect/node.py.j2")
    assert (source, version) == (BUILTIN["node_effect/node.py.j2"], "3")
    assert pack.template("package/readme.md.j2")[1] == "1"
    digest = hashlib.sha256(source.encode()).hexdigest()
    assert pack.file_hash("node_effect/node.py.j2") == digest


def test_an_overlay_replaces_and_adds_file_by_file(overlay: Path) -> None:
    write(overlay, {"node_effect/node.py.j2": "mine\n", "extra/new.txt.j2": "new\n"})
    write(overlay, {"README.md": "not a template"})
    pack = TemplatePack(overlay)
    assert pack.names() == sorted([*BUILTIN, "extra/new.txt.j2"])
    assert pack.render("node_effect/node.py.j2", {}) == "mine\n"
    assert pack.render("node_effect/contract.yaml.j2", {"name": "a: b"}) == 'name: "a: b"\n'
    (overlay / "node_effect/node.py.j2").unlink()
    assert pack.render("node_effect/node.py.j2", {"name": "x"}) == "class X: ...\n"


def test_an_edit_is_seen_by_the_next_render(overlay: Path) -> None:
    write(overlay, {"part.j2": "old"})
    pack = pack_of(overlay, "{% include 'part.j2' %}!")
    assert pack.render("t.j2", {}) == "old!"
    before = pack.file_hash("part.j2")
    write(overlay, {"part.j2": "new"})
    assert pack.render("t.j2", {}) == "new!"
    assert pack.file_hash("part.j2") != before


def test_a_template_compiles_once_for_each_content(
    overlay: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = pack_of(overlay, "a")
    compiled: list[str | None] = []
    compile_template = pack._environment.compile

    def counting(source: str, name: str | None = None, filename: str | None = None) -> object:
        compiled.append(name)
        return compile_template(source, name, filename)

    monkeypatch.setattr(pack._environment, "compile", counting)
    for text in ("a", "b", "a", "b"):
        write(overlay, {"t.j2": text})
        assert pack.render("t.j2", {}) == text
    assert len(compiled) == 2


def test_macros_are_imported_from_the_pack(overlay: Path) -> None:
    pack = pack_of(overlay, "{% from 'macros.j2' import twice %}{{ twice('ab') }}")
    assert pack.render("t.j2", {}) == "abab"


def test_line_breaks_and_blocks_are_trimmed(overlay: Path) -> None:
    pack = pack_of(overlay, "a\n  {% if true %}\nb\n  {% endif %}\n")
    assert pack.render("t.j2", {}) == "a\nb\n"


@pytest.mark.parametrize(
    "name",
    ["../secret.j2", "/etc/passwd.j2", "a/../../secret.j2", "no.j2", "", "t", "a\\b.j2", "\0.j2"],
)
def test_a_name_outside_the_pack_is_unknown(overlay: Path, name: str) -> None:
    write(overlay.parent, {"secret.j2": "secret"})
    with pytest.raises(UnknownTemplateError):
        TemplatePack(overlay).render(name, {})
    escaped = name.replace("\\", "\\\\").replace("\0", "\\0")
    with pytest.raises(TemplateError, match="the pack does not have"):
        pack_of(overlay, f"{{% include '{escaped}' %}}").render("t.j2", {})


def test_a_link_out_of_the_pack_is_refused(overlay: Path) -> None:
    write(overlay.parent, {"secret.j2": "secret", "hidden/x.j2": "secret"})
    (overlay / "link.j2").symlink_to(overlay.parent / "secret.j2")
    (overlay / "folder").symlink_to(overlay.parent / "hidden")
    pack = TemplatePack(overlay)
    for name in ("link.j2", "folder/x.j2"):
        with pytest.raises(TemplateError, match="link out of its pack"):
            pack.render(name, {})


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a\n{{ b }}\n", 2, "'b' is undefined"),
        ("a\nb\n{% if %}\n", 3, "TemplateSyntaxError"),
        ("\n\n\n{{ 1 / 0 }}", 4, "ZeroDivisionError"),
        ("x\n{{ x.__class__ }}", 2, "unsafe"),
        ("x\n{{ [].append(1) }}", 2, "unsafe"),
        ("x\n{{ 'a' * 10000000 }}", 2, "too large"),
        ("x\n{{ 9 ** 99999999 }}", 2, "too large"),
        ("x\n{{ '%099999999d' % 1 }}", 2, "% formatting"),
        ("x\n{{ '{:99999999}'.format(1) }}", 2, "unsafe"),
        ("x\n{{ 'a'.ljust(99999999) }}", 2, "unsafe"),
        ("x\n{{ 'a'|indent(99999999, true) }}", 2, "wider"),
        ("x\n{% include 'absent.j2' %}", 2, "absent.j2"),
        ("x\n{% for i in range(999999999) %}{% endfor %}", 2, "OverflowError"),
        ("x\n{% include 't.j2' %}", 2, "RecursionError"),
    ],
)
def test_an_error_names_file_and_line(overlay: Path, text: str, line: int, reason: str) -> None:
    pack = pack_of(overlay, text)
    with pytest.raises(TemplateError) as caught:
        pack.render("t.j2", {"x": 1})
    error = caught.value
    assert (error.template, error.path, error.line) == ("t.j2", overlay / "t.j2", line)
    assert str(error).startswith(f"{overlay / 't.j2'}:{line}: ")
    assert reason in str(error)


def test_an_error_in_an_included_template_names_that_one(overlay: Path) -> None:
    write(overlay, {"inner.j2": "1\n2\n{{ nothing }}\n"})
    with pytest.raises(TemplateError) as caught:
        pack_of(overlay, "{% include 'inner.j2' %}").render("t.j2", {})
    assert (caught.value.template, caught.value.line) == ("inner.j2", 3)


def test_warming_compiles_and_finds_what_is_wrong(overlay: Path) -> None:
    pack = TemplatePack(overlay)
    assert pack.warm(["effect"]) == ["node_effect/contract.yaml.j2", "node_effect/node.py.j2"]
    assert pack.warm() == sorted(BUILTIN)
    write(overlay, {"wrong.j2": "fine\n{% if %}"})
    with pytest.raises(TemplateError) as caught:
        pack.warm()
    assert (caught.value.path, caught.value.line) == (overlay / "wrong.j2", 2)


def test_endless_output_is_an_error(overlay: Path) -> None:
    loops = "{% for a in range(9999) %}{% for b in range(9999) %}{{ 'x' * 999 }}"
    pack = pack_of(overlay, loops + "{% endfor %}{% endfor %}")
    with pytest.raises(TemplateError, match="makes more than"):
        pack.render("t.j2", {})


def test_files_that_are_no_templates(overlay: Path) -> None:
    (overlay / "binary.j2").write_bytes(b"line\n\xff\xfe")
    (overlay / "folder.j2").mkdir()
    (overlay / "huge.j2").write_bytes(b"x" * (1024 * 1024 + 1))
    pack = TemplatePack(overlay)
    with pytest.raises(TemplateError, match=r"binary\.j2:2: byte 5 is not UTF-8"):
        pack.render("binary.j2", {})
    with pytest.raises(TemplateError, match="can't be read"):
        pack.render("folder.j2", {})
    with pytest.raises(TemplateError, match="larger than"):
        pack.render("huge.j2", {})


def test_an_overlay_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="not a folder"):
        TemplatePack(tmp_path / "absent")


def test_a_value_is_never_a_template(overlay: Path) -> None:
    pack = pack_of(overlay, "{{ x|pystr }}")
    assert pack.render("t.j2", {"x": "{{ 7 * 7 }}{% include 'a' %}"}) == (
        "\"{{ 7 * 7 }}{% include 'a' %}\""
    )


def test_a_pack_travels_to_a_worker(overlay: Path) -> None:
    pack = pickle.loads(pickle.dumps(pack_of(overlay, "here")))  # noqa: S301 - our own bytes
    assert pack.render("t.j2", {}) == "here"


def test_a_relative_overlay_stays_where_it_was(
    overlay: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(overlay, {"t.j2": "found"})
    monkeypatch.chdir(overlay.parent)
    pack = TemplatePack(Path(os.path.relpath(overlay)))
    monkeypatch.chdir(tmp_path.parent)
    assert pack.render("t.j2", {}) == "found"
