"""Readers of what strangers write take it or refuse it, and do nothing else.

``NODEWRIGHT_FUZZ_EXAMPLES`` is how many inputs each target gets (``make fuzz``).
"""

import json
import os
import zipfile
from io import BytesIO

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.fuzz import targets

from nodewright.events.segments import encode_frames

EXAMPLES = int(os.environ.get("NODEWRIGHT_FUZZ_EXAMPLES", "40"))
# Targets that take their time get a part of the examples.
SHARE = {"prd": 4, "model": 2}


def pieces(*known: str, most: int = 30) -> st.SearchStrategy[bytes]:
    """Texts of known pieces and of any characters, as UTF-8 (lone surrogates and all)."""
    piece = st.one_of(st.sampled_from(known), st.text(max_size=8))
    whole = st.lists(piece, max_size=most).map("".join)
    return whole.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=200)


PRD = pieces(
    *("# ", "## Requirements\n", "## Data model\n", "- ", "\n", "\n\n", "---\ntitle: ", "|a|b|\n"),
    *("- FR-1: The system must store orders.\n", "- **Order**: `id`, `name`\n", "|-|-|\n", "> "),
    *("amount must be at least 9", "e999", "name is one of a, b", "{{ 1 }}", "<script>", "```\n"),
    *("As a user, I want to send mail", "from open to closed", "\u2028", "\u202e", "\x1b[2J", "\0"),
    *("POST /orders/{id}", "p95 < 100 ms", "__import__", "../../etc/passwd", "!!python/object:x"),
)
YAML = pieces(
    *("name: own\n", "summary: s\n", "evidence:\n", "  - {weight: 0.9, terms: [crud]}\n", "&a "),
    *("*a", "[", "]", "{", "}", "!!python/object:x ", "? ", ": ", "- ", "<<: ", "2001-99-99", "\n"),
    *("node_kinds: [EFFECT]\n", "threshold: .nan\n", "9" * 4400, "|\n", "\t", "%YAML 9.9\n---\n"),
)
JINJA = pieces(
    *(
        "{{ name }}",
        "{% for i in items %}",
        "{% endfor %}",
        "{{ d.k }}",
        "{{ ''.__class__ }}",
        "{{",
    ),
    *(
        "}}",
        "{% include 'own/own.j2' %}",
        "{% extends '../x' %}",
        "|attr('__globals__')",
        "{#",
        "#}",
    ),
    *(
        "{% set x = namespace(a=1) %}",
        "{{ 'a' * 9 }}",
        "|pystr",
        "|docstring",
        "{{ self",
        "{% macro",
    ),
)
KNOWN_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
PATHS = st.sampled_from(
    ["a/b", "../victim", "/etc/x", "a", "", ".", "a/../../victim", ".nodewright/lock", "a/b\0", "x"]
)
CHANGE = st.fixed_dictionaries(
    {"path": PATHS, "before": st.none() | st.integers(-1, 2), "after": st.none() | st.text()}
)
RECORD = st.fixed_dictionaries(
    {
        "changes": st.lists(CHANGE, max_size=3) | KNOWN_JSON,
        "folders": st.lists(PATHS, max_size=2),
        "created": st.lists(PATHS, max_size=2),
        "bases": st.lists(PATHS | st.just("a" * 64), max_size=2),
    }
)
ENTRY = st.fixed_dictionaries(
    {"base": st.text(max_size=3) | st.just("a" * 64), "requirements": KNOWN_JSON},
    optional=dict.fromkeys(
        ("sha256", "template", "template_version", "node", "user_owned", "more"), KNOWN_JSON
    ),
)
MANIFEST = st.fixed_dictionaries(
    {"format": st.sampled_from([1, 2, None, True]), "package": KNOWN_JSON},
    optional={"files": st.dictionaries(PATHS, ENTRY | KNOWN_JSON, max_size=3) | KNOWN_JSON},
)
AN_ENTRY = st.dictionaries(
    st.sampled_from(["timestamp", "level", "message", "metadata", "exception", "frames", "cause"]),
    KNOWN_JSON,
)
RECORDS = st.lists(
    st.tuples(
        st.text(max_size=5),
        st.binary(max_size=40),
        st.none() | st.binary(max_size=5),
        st.none() | st.binary(max_size=5),
    ),
    max_size=4,
)


def as_bytes(value: object) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Bytes of which some are changed, cut out or repeated."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=4))
    return bytes(data)


@st.composite
def repacked(draw: st.DrawFn) -> bytes:
    """A model file whose archive is whole and whose document is damaged."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(targets.a_model())) as old, zipfile.ZipFile(target, "w") as new:
        chosen = draw(st.sampled_from(old.namelist()))
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, draw(damaged(st.just(data))) if name == chosen else data)
    return target.getvalue()


SEGMENTS = RECORDS.map(encode_frames)
INPUTS: dict[str, st.SearchStrategy[bytes]] = {
    "prd": PRD,
    "patterns": YAML,
    "template": JINJA,
    "spool": damaged(SEGMENTS),
    "dead_letters": damaged(SEGMENTS),
    "model": damaged(st.builds(targets.a_model)) | repacked(),
    "manifest": MANIFEST.map(as_bytes) | st.binary(max_size=50),
    "journal": RECORD.map(as_bytes) | st.binary(max_size=50),
    "labels": st.binary(max_size=40)
    | st.text(max_size=30).map(lambda text: f"of\n{text}".encode()),
    "log_line": AN_ENTRY.map(as_bytes) | st.binary(max_size=50),
}


def test_every_target_is_fuzzed() -> None:
    assert INPUTS.keys() == targets.TARGETS.keys()


@pytest.mark.parametrize("name", INPUTS)
def test_whatever_is_read_is_taken_or_refused(name: str) -> None:
    @settings(
        max_examples=max(1, EXAMPLES // SHARE.get(name, 1)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
    @given(INPUTS[name])
    def try_one(data: bytes) -> None:
        targets.TARGETS[name](data)

    try_one()
