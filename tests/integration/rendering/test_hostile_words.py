"""Words of strangers' documents stay words: none becomes code, markup or an instruction."""

import subprocess
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from ruff import find_ruff_bin  # type: ignore[import-untyped]  # ships no types
from tests.integration.rendering.packages import importable, write_package
from tests.unit.rendering.box_office import to

from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    ClauseNote,
    Compute,
    Create,
    Entity,
    Event,
    Field,
    Guard,
    Input,
    Port,
    Publish,
    Result,
    Route,
    Rule,
    Send,
    Specification,
    State,
)
from nodewright.spec.types import TEXT, enum_of

WORDS = [
    '"""',
    "'''; import os",
    "\\",
    "\n\nimport os\n",
    "{{ 7 * 7 }} {% raw %}",
    "\u202e\u2066 \ud800",
    "# noqa # type: ignore",
    "key: [a, *b]\n- x",
    "</script><b>",
    'a"b' * 60,
]


def hostile(word: str) -> Specification:
    note = ClauseNote(id="A.1", requirement=word, line=1, text=word, state=State.READ)
    # No request can carry a lone surrogate, and no enum can have one.
    sound = word.encode("utf-8", "replace").decode()
    quoted = Expression(repr(sound))
    thing = Entity(
        name="Thing",
        key="code",
        clauses=("A.1",),
        fields=(
            Field(name="code", type=TEXT, rules=(Rule(pattern=r"[\"'\\a]+", error="odd"),)),
            Field(name="kind", type=enum_of("plain", sound), default=Expression("'plain'")),
        ),
    )
    return Specification(
        title=word,
        package="hostile",
        description=word,
        clauses=(note,),
        entities=(thing,),
        ports=(Port(name="mail", capability="mail", system=word),),
        events=(Event(name="told", fields=(Field(name="what", type=TEXT),), topic=word),),
        operations=(
            Create(
                name="make_thing",
                entity="Thing",
                clauses=("A.1",),
                assumed=word,
                description=word,
                guards=(
                    Guard(require=Expression("True"), error="no", message=word),
                    Guard(require=None, error="no", message=word, clauses=("A.1",)),
                ),
                route=Route(method="POST", path=word),
                command=word,
                effects=(
                    Send(port="mail", message=(to("recipient", quoted.text),)),
                    Publish(event="told", payload=(to("what", quoted.text),)),
                ),
            ),
            Compute(
                name="echo_word",
                clauses=("A.1",),
                inputs=(Input(name="it", type=TEXT, default=quoted),),
                results=(Result(name="word", type=TEXT, value=quoted),),
            ),
        ),
    )


@pytest.mark.parametrize("word", WORDS)
def test_hostile_words_are_quoted(word: str, tmp_path: Path) -> None:
    specification = hostile(word)
    write_package(specification, tmp_path)
    ruff = [find_ruff_bin(), "check", "--no-cache", "src"]
    done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    for contract in tmp_path.rglob("contract.yaml"):
        assert yaml.safe_load(contract.read_text(encoding="utf-8"))["name"].startswith("node_")
    with importable(tmp_path, "hostile"):
        name = "hostile.nodes.node_word_compute"
        models = import_module(f"{name}.models.model_word_compute_input")
        handler = import_module(f"{name}.handlers.handler_word_compute").HandlerWordCompute()
        request = models.ModelWordComputeInput.model_validate({"operation": "echo_word"})
        answer = handler.handle(request)
        import_module("hostile.nodes.node_thing_effect.handlers.handler_thing_effect")
    assert answer.results.word == word.encode("utf-8", "replace").decode()
