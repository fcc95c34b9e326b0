"""Plans for tests: one of all four kinds, and hostile ones."""

from hypothesis import strategies as st

from nodewright.language.naming import pascal, shorten, snake, unique
from nodewright.planning.lifecycle import _USUAL
from nodewright.planning.model import (
    NodePlan,
    Plan,
    PlannedField,
    PlannedOperation,
    PlannedStep,
    Trace,
)
from nodewright.prd.models import FieldType

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            '"""',
            "'''",
            "\\",
            "\\N{BULLET}",
            "{{ 7 * 7 }}",
            "{% raw %}",
            "{# x #}",
            "../../etc/passwd",
            "a\x00b",
            "class",
            "\n---\n- x: &a",
            "#!/bin/sh\n",
            "\u202eright to left",
            "عربي",
            "🎟️ ticket",
            "x" * 5000,
            "*/ --> ]]>",
            "%(name)s {0} $x `y`",
            "|",
            "\r\n\x85\u2028",
        ]
    ),
)

ACTIONS = {
    "EFFECT": ["create", "read", "update", "delete", "list", "deliver"],
    "COMPUTE": ["validate", "parse", "transform", "compare", "render", "calculate"],
    "REDUCER": ["aggregate"],
}


@st.composite
def nodes(draw: st.DrawFn, kind: str, text: str) -> NodePlan:
    name = snake(text, "record")
    taken: set[str] = {"repository", "gateway"}
    fields = []
    for words, kind_of_field in draw(
        st.lists(st.tuples(HOSTILE, st.sampled_from(FieldType)), min_size=1, max_size=5)
    ):
        field = unique(f"f_{snake(words, 'value')}", taken)
        taken.add(field)
        fields.append(PlannedField(field, kind_of_field, draw(st.booleans())))
    trace = Trace(
        draw(HOSTILE), shorten(draw(HOSTILE)), draw(st.integers(1, 99)), shorten(draw(HOSTILE))
    )
    operations = []
    for action in draw(st.lists(st.sampled_from(ACTIONS[kind]), min_size=1, max_size=6)):
        words = draw(HOSTILE)
        operation = unique(f"{action}_{snake(words, 'it')}", taken)
        taken.add(operation)
        parameters = {"group_by": fields[0].name} if action == "aggregate" else {}
        operations.append(PlannedOperation(operation, action, shorten(words), (trace,), parameters))
    reducing = kind == "REDUCER"
    if reducing:
        operations += [
            PlannedOperation(move, "transition", "Move on", (trace,))
            for move in dict.fromkeys(move.trigger for move in _USUAL.transitions)
        ]
    return NodePlan(
        slug=f"node_{name}_{kind.lower()}",
        kind=kind,
        name=name,
        class_name=f"Node{pascal(name)}{kind.capitalize()}",
        description=shorten(draw(HOSTILE)) or "What it does",
        entity=shorten(text) or "record",
        fields=tuple(fields),
        operations=tuple(operations),
        states=_USUAL.states if reducing else (),
        transitions=_USUAL.transitions if reducing else (),
        systems=(draw(HOSTILE),),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    text = draw(HOSTILE)
    made = [draw(nodes(kind, text)) for kind in ("EFFECT", "COMPUTE", "REDUCER")]
    made = [replace_fields(node, made[0].fields) for node in made]
    steps: list[PlannedStep] = []
    for node in made:
        before = (steps[-1].name,) if steps else ()
        steps.append(PlannedStep(f"step_{len(steps)}", node.slug, node.operations[0].name, before))
    first = made[0]
    flow = NodePlan(
        slug=f"node_{first.name}_orchestrator",
        kind="ORCHESTRATOR",
        name=first.name,
        class_name=f"Node{pascal(first.name)}Orchestrator",
        description=shorten(draw(HOSTILE)) or "What it does",
        entity=first.entity,
        fields=(),
        operations=(PlannedOperation("run_all", "run", shorten(draw(HOSTILE)), first.traces),),
        steps=tuple(steps),
    )
    return Plan(
        package=snake(draw(HOSTILE), "service"),
        title=shorten(draw(HOSTILE)),
        description=shorten(draw(HOSTILE)) or "What it does",
        nodes=(*made, flow),
        uncovered=first.traces,
    )


def replace_fields(node: NodePlan, fields: tuple[PlannedField, ...]) -> NodePlan:
    operations = tuple(
        PlannedOperation(
            op.name,
            op.action,
            op.description,
            op.traces,
            {"group_by": fields[0].name} if op.action == "aggregate" else {},
        )
        for op in node.operations
    )
    return NodePlan(
        slug=node.slug,
        kind=node.kind,
        name=node.name,
        class_name=node.class_name,
        description=node.description,
        entity=node.entity,
        fields=fields,
        operations=operations,
        states=node.states,
        transitions=node.transitions,
        systems=node.systems,
    )
