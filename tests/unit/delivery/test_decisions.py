"""What happens to each file is decided from what was generated, what is there, and the manifest."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest

from nodewright.delivery.decisions import Action, FileDecision, decide
from nodewright.delivery.delivery import Delivery
from nodewright.delivery.manifest import (
    ConfinementError,
    DeliveryError,
    ManifestEntry,
    load_manifest,
)
from nodewright.delivery.merge import MergeError, has_conflicts, merge
from nodewright.proving.model import Check, NodeReport
from nodewright.rendering.model import RenderedFile

SLUG = "node_order_effect"
NODE = f"src/shop/nodes/{SLUG}/node.py"
HANDLER = f"src/shop/nodes/{SLUG}/handlers/handler_order.py"
TEXT = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"


def rendered(
    path: str, content: str, *, node: str = SLUG, user_owned: bool = False
) -> RenderedFile:
    return RenderedFile(path, content, "t.j2", "1", "ab" * 32, node, ("FR-1",), user_owned)


def files(**changed: str) -> list[RenderedFile]:
    texts = {"node": TEXT, "handler": TEXT, "readme": "About\n"} | changed
    return [
        rendered(NODE, texts["node"]),
        rendered(HANDLER, texts["handler"], user_owned=True),
        rendered("README.md", texts["readme"], node=""),
    ]


def deliver(out: Path, contents: list[RenderedFile], *, force: bool = False) -> None:
    with Delivery(out, "shop", force) as delivery:
        delivery.stage(contents)
        slugs = sorted({file.node for file in contents if file.node})
        passed = (Check("parses", passed=True),)
        delivery.commit([NodeReport(slug, "EFFECT", passed) for slug in slugs])


def by_path(decisions: list[FileDecision]) -> Mapping[str, FileDecision]:
    return {decision.path: decision for decision in decisions}


def test_all_is_created_in_a_new_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    decisions = decide(files(), out)
    assert {decision.action for decision in decisions} == {Action.CREATE}
    assert not out.exists()


def test_same_again_keeps_all(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    assert {d.action for d in decide(files(), tmp_path)} == {Action.KEEP}


def test_untouched_file_is_replaced(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    deliver(tmp_path, files(node="new\n", handler="new\n"))
    assert (tmp_path / NODE).read_text() == "new\n"
    assert (tmp_path / HANDLER).read_text() == "new\n"


def test_edited_file_is_merged(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    (tmp_path / HANDLER).write_text(TEXT.replace("one", "mine"))
    changed = files(handler=TEXT.replace("seven", "generated"))
    decision = by_path(decide(changed, tmp_path))[HANDLER]
    assert decision.action is Action.MERGE
    assert decision.staged == decision.content
    deliver(tmp_path, changed)
    merged = TEXT.replace("one", "mine").replace("seven", "generated")
    assert (tmp_path / HANDLER).read_text() == merged
    # The merged file counts as edited: a third version is merged again, not put over it.
    deliver(tmp_path, files(handler=TEXT.replace("seven", "again")))
    assert (tmp_path / HANDLER).read_text() == merged.replace("generated", "again")


def test_conflict_in_a_shell_keeps_what_lies_there_and_is_unresolved(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    mine = TEXT.replace("four", "mine")
    (tmp_path / NODE).write_text(mine)
    changed = files(node=TEXT.replace("four", "generated"))
    decision = by_path(decide(changed, tmp_path))[NODE]
    assert (decision.action, decision.unresolved) == (Action.CONFLICT, True)
    assert (decision.staged, decision.content) == (mine.encode(), None)
    deliver(tmp_path, changed)
    assert (tmp_path / NODE).read_text() == mine


def test_line_ends_of_the_user_are_kept(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    crlf = TEXT.replace("one", "mine").replace("\n", "\r\n")
    (tmp_path / HANDLER).write_bytes(crlf.encode())
    (tmp_path / NODE).write_bytes(TEXT.replace("\n", "\r\n").encode())
    changed = files(
        handler=TEXT.replace("seven", "generated"), node=TEXT.replace("seven", "generated")
    )
    decisions = by_path(decide(changed, tmp_path))
    assert decisions[HANDLER].action is Action.MERGE
    assert decisions[NODE].action is Action.OVERWRITE
    deliver(tmp_path, changed)
    assert (tmp_path / HANDLER).read_bytes() == crlf.replace("seven", "generated").encode()
    assert b"generated\r\n" in (tmp_path / NODE).read_bytes()
    deliver(tmp_path, changed)
    assert {d.action for d in decide(changed, tmp_path)} == {Action.KEEP}


def test_a_handler_that_was_only_laid_out_anew_takes_the_generated_text(tmp_path: Path) -> None:
    first = "def add(a, b):\n    return {'sum': a + b, 'parts': [a, b]}\n"
    deliver(tmp_path, files(handler=first))
    laid_out = (
        "def add(a, b):\n    return {\n        'sum': a + b,\n        'parts': [a, b],\n    }\n"
    )
    (tmp_path / HANDLER).write_text(laid_out)
    changed = files(handler=f"{first}\n\ndef sub(a, b):\n    return a - b\n")
    assert by_path(decide(changed, tmp_path))[HANDLER].action is Action.OVERWRITE
    (tmp_path / HANDLER).write_text(laid_out.replace("'parts'", "'terms'"))
    assert by_path(decide(changed, tmp_path))[HANDLER].action is not Action.OVERWRITE
    (tmp_path / HANDLER).write_text(f"# mine\n{laid_out}")
    assert by_path(decide(changed, tmp_path))[HANDLER].action is not Action.OVERWRITE


@pytest.mark.parametrize("force", [False, True])
def test_conflict_in_a_handler_leaves_it_alone(tmp_path: Path, force: bool) -> None:
    deliver(tmp_path, files())
    mine = TEXT.replace("four", "mine")
    (tmp_path / HANDLER).write_text(mine)
    changed = files(handler=TEXT.replace("four", "generated"))
    for _ in range(2):
        assert by_path(decide(changed, tmp_path, force=force))[HANDLER].action is Action.CONFLICT
        deliver(tmp_path, changed, force=force)
        assert (tmp_path / HANDLER).read_text() == mine


def test_edit_without_a_generated_change_is_kept(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    (tmp_path / NODE).write_text("mine\n")
    decision = by_path(decide(files(), tmp_path))[NODE]
    assert (decision.action, decision.staged) == (Action.KEEP, b"mine\n")


def test_forced_edit_is_overwritten_in_a_shell(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    (tmp_path / NODE).write_text("mine\n")
    deliver(tmp_path, files(node="new\n"), force=True)
    assert (tmp_path / NODE).read_text() == "new\n"


def test_foreign_file_blocks_its_node_only(tmp_path: Path) -> None:
    (tmp_path / NODE).parent.mkdir(parents=True)
    (tmp_path / NODE).write_text("foreign\n")
    contents = [
        *files(),
        rendered("src/shop/nodes/node_b_effect/node.py", "b\n", node="node_b_effect"),
    ]
    with Delivery(tmp_path, "shop") as delivery:
        delivery.stage(contents)
        passed = (Check("parses", passed=True),)
        result = delivery.commit(
            [NodeReport(slug, "EFFECT", passed) for slug in (SLUG, "node_b_effect")]
        )
    assert result.delivered == ("node_b_effect",)
    assert list(result.blocked) == [SLUG]
    assert (tmp_path / NODE).read_text() == "foreign\n"
    assert not (tmp_path / HANDLER).exists()
    deliver(tmp_path, contents, force=True)
    assert (tmp_path / NODE).read_text() == TEXT


def test_foreign_readme_does_not_block_nodes(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("my project\n")
    deliver(tmp_path, files())
    assert (tmp_path / "README.md").read_text() == "my project\n"
    assert (tmp_path / NODE).exists()


def test_foreign_file_with_the_same_text_is_adopted(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("About\n")
    deliver(tmp_path, files())
    deliver(tmp_path, files(readme="Changed\n"))
    assert (tmp_path / "README.md").read_text() == "Changed\n"


def test_deleted_file_comes_back(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    (tmp_path / NODE).unlink()
    assert by_path(decide(files(), tmp_path))[NODE].action is Action.CREATE


def test_dropped_files_go_unless_edited(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    (tmp_path / HANDLER).write_text("mine\n")
    other = [rendered("src/shop/nodes/node_b_effect/node.py", "b\n", node="node_b_effect")]
    decisions = by_path(decide(other, tmp_path))
    assert decisions[NODE].action is Action.REMOVE
    assert decisions[HANDLER].action is Action.KEEP
    deliver(tmp_path, other)
    assert not (tmp_path / NODE).exists()
    assert (tmp_path / HANDLER).read_text() == "mine\n"
    assert by_path(decide(other, tmp_path))[HANDLER].action is Action.KEEP


def test_removed_node_leaves_no_folder(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    cache = (tmp_path / NODE).parent / "__pycache__"
    cache.mkdir()
    (cache / "node.cpython-312.pyc").write_bytes(b"")
    deliver(
        tmp_path, [rendered("src/shop/nodes/node_b_effect/node.py", "b\n", node="node_b_effect")]
    )
    assert [path.name for path in (tmp_path / "src/shop/nodes").iterdir()] == ["node_b_effect"]


def test_user_files_beside_are_staged(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    (tmp_path / "src/shop/pricing.py").write_text("RATE = 2\n")
    with Delivery(tmp_path, "shop") as delivery:
        staging = delivery.stage(files())
        assert (staging / "src/shop/pricing.py").read_text() == "RATE = 2\n"
        assert delivery.unchanged == {SLUG, ""}
    assert not staging.exists()


@pytest.mark.parametrize(
    "path",
    [
        "../out.py",
        "/etc/passwd",
        "src/../../x",
        "",
        "a\0b",
        ".nodewright/manifest.json",
        "a\\b",
        "a//b",
    ],
)
def test_path_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfinementError):
        decide([rendered(path, "x")], tmp_path / "out")


def test_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (out / "src").mkdir(parents=True)
    elsewhere.mkdir()
    (out / "src/shop").symlink_to(elsewhere)
    with pytest.raises(ConfinementError, match="symbolic link"):
        deliver(out, files())
    assert list(elsewhere.iterdir()) == []


def test_link_in_place_of_a_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    out, secret = tmp_path / "out", tmp_path / "secret"
    secret.write_text("secret\n")
    out.mkdir()
    (out / "README.md").symlink_to(secret)
    deliver(out, files())
    assert (out / "README.md").is_symlink()
    deliver(out, files(), force=True)
    assert not (out / "README.md").is_symlink()
    assert secret.read_text() == "secret\n"


@pytest.mark.parametrize("force", [False, True])
def test_folder_or_file_in_the_way_blocks(tmp_path: Path, force: bool) -> None:
    (tmp_path / NODE).mkdir(parents=True)
    assert by_path(decide(files(), tmp_path, force=force))[NODE].blocks
    shutil.rmtree(tmp_path / "src")
    (tmp_path / "src").write_text("a file\n")
    assert by_path(decide(files(), tmp_path, force=force))[NODE].blocks


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'{"format": 2}', b'{"format": 1, "package": "p", "files": {"../x": {}}}'],
)
def test_damaged_manifest_is_an_error(tmp_path: Path, content: bytes) -> None:
    deliver(tmp_path, files())
    (tmp_path / ".nodewright/manifest.json").write_bytes(content)
    with pytest.raises(DeliveryError, match=r"manifest\.json"):
        decide(files(), tmp_path)


def test_manifest_cannot_point_out(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    manifest = tmp_path / ".nodewright/manifest.json"
    document = orjson.loads(manifest.read_bytes())
    document["files"]["../victim"] = document["files"][NODE]
    manifest.write_bytes(orjson.dumps(document))
    with pytest.raises(DeliveryError):
        decide(files(), tmp_path)


def test_manifest_round_trip(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    manifest = load_manifest(tmp_path)
    assert manifest.package == "shop"
    entry = manifest.files[HANDLER]
    assert entry == ManifestEntry.of(files()[1], TEXT.encode())
    assert (tmp_path / ".nodewright/manifest.json").read_bytes() == manifest.dump()


def test_lost_base_keeps_the_edit(tmp_path: Path) -> None:
    deliver(tmp_path, files())
    shutil.rmtree(tmp_path / ".nodewright/base")
    (tmp_path / NODE).write_text("mine\n")
    decision = by_path(decide(files(node="new\n"), tmp_path))[NODE]
    assert decision.action is Action.CONFLICT
    assert decision.content is None


def test_merge_without_git_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MergeError, match="install git"):
        merge(b"a\n", b"b\n", b"c\n")


def test_merge_ignores_the_users_git_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = tmp_path / "gitconfig"
    configuration.write_text("[merge]\n\tconflictstyle = diff3\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    merged = merge(b"mine\n", b"base\n", b"new\n")
    assert merged.content == b"<<<<<<< yours\nmine\n=======\nnew\n>>>>>>> generated now\n"
    assert (merged.conflicts, has_conflicts(merged.content)) == (1, True)
