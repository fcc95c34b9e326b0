"""Hypothesis strategies: random right specifications over the whole language.

The module is over 400 lines because it has one short function for each construct.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from typing import Any

from hypothesis import strategies as st

from nodewright.spec import model as m
from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.expressions import Expression
from nodewright.spec.requests import answers_of, inputs_of, needed, state_field
from nodewright.spec.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    UUID,
    Base,
    Type,
    entity_type,
    enum_of,
    list_of,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]
STATES = ("draft", "open", "done")
FIELDS = ("amount", "label", "size", "active", "day", "moment", "span", "kind", "tags", "notes")
SIMPLE = (TEXT, INTEGER, NUMBER, BOOLEAN, DATE, DATETIME, DURATION, enum_of("big", "small"))
LITERALS = {
    Base.TEXT: ["'red'", "lower('Blue')", "strip(' ')"],
    Base.INTEGER: ["0", "1", "7", "-2"],
    Base.NUMBER: ["0.5", "2.25", "10.0"],
    Base.BOOLEAN: ["True", "False"],
    Base.DATE: ["today()", "date(now())"],
    Base.DATETIME: ["now()", "now() - hours(2)"],
    Base.DURATION: ["minutes(15)", "days(1)", "hours(0.5)"],
    Base.UUID: ["new_id()"],
    Base.OBJECT: ["{'a': 1}", "{}"],
    Base.LIST: ["[]"],
}


@dataclass
class Around:
    """What an expression may speak of: written name -> type; entities to look at."""

    names: Mapping[str, Type] = field(default_factory=dict)
    entities: Mapping[str, m.Entity] = field(default_factory=dict)


def expression(draw: Draw, kind: Type, around: Around, depth: int = 2) -> Expression:
    return Expression(written(draw, kind, around, depth))


def written(draw: Draw, kind: Type, around: Around, depth: int) -> str:
    """The text of an expression of ``kind`` (never missing)."""
    if depth and draw(st.booleans()):
        compound = _compound(draw, kind, around, depth - 1)
        if compound is not None:
            return compound
    known = [name for name, each in around.names.items() if _same(each, kind)]
    if known and draw(st.booleans()):
        return str(draw(st.sampled_from(known)))
    if kind.base is Base.ENUM:
        return repr(draw(st.sampled_from(kind.values)))
    if kind.base is Base.LIST and kind.item is not None and draw(st.booleans()):
        return f"[{written(draw, kind.item, around, 0)}]"
    return str(draw(st.sampled_from(LITERALS[kind.base])))


def _same(kind: Type, wanted: Type) -> bool:
    return not kind.optional and kind.base is wanted.base and kind == wanted


def _compound(draw: Draw, kind: Type, around: Around, depth: int) -> str | None:  # noqa: C901
    part = lambda wanted: written(draw, wanted, around, depth)  # noqa: E731
    match kind.base:
        case Base.BOOLEAN:
            return _condition(draw, around, depth)
        case Base.INTEGER:
            forms = [
                "{i} + {i}",
                "{i} * {i}",
                "length({t})",
                "floor({n})",
                "abs({i})",
                "{i} // {i}",
            ]
        case Base.NUMBER:
            forms = ["{n} + {n}", "{n} * {i}", "{n} / {n}", "round({n}, 2)", "max({n}, {n})",
                     "total_minutes({d})", "number({i})"]  # fmt: skip
        case Base.TEXT:
            forms = ["lower({t})", "{t} + {t}", "text({i})", "f'x{{{i}}}'", "strip({t})"]
        case Base.DATE:
            forms = ["start_of_month(now())", "today() + {d}"]
        case Base.DATETIME:
            forms = ["now() + {d}"]
        case Base.DURATION:
            forms = ["{d} + {d}", "days({i})"]
        case _:
            return None
    text = str(draw(st.sampled_from(forms)))
    if "{{{i}}}" in text:
        return "f'x{" + part(INTEGER).replace("'", '"') + "}'"
    for mark, wanted in (("{i}", INTEGER), ("{n}", NUMBER), ("{t}", TEXT), ("{d}", DURATION)):
        while mark in text:
            text = text.replace(mark, f"({part(wanted)})", 1)
    return text


def _condition(draw: Draw, around: Around, depth: int) -> str:
    part = lambda wanted: written(draw, wanted, around, depth)  # noqa: E731
    optional = [name for name, each in around.names.items() if each.optional]
    choice = draw(st.integers(0, 6))
    if choice == 0 and optional:
        return f"{draw(st.sampled_from(optional))} is not None"
    if choice == 1 and around.entities:
        return _query(draw, around)
    if choice == 2:
        return f"({part(BOOLEAN)}) {draw(st.sampled_from(['and', 'or']))} ({part(BOOLEAN)})"
    if choice == 3:
        return f"not ({part(BOOLEAN)})"
    kind = draw(st.sampled_from([INTEGER, NUMBER, TEXT, DATETIME, DURATION]))
    sign = draw(st.sampled_from(["<", "<=", "==", "!=", ">", ">="]))
    return f"({part(kind)}) {sign} ({part(kind)})"


def _query(draw: Draw, around: Around) -> str:
    entity = draw(st.sampled_from(sorted(around.entities)))
    inside = Around({each.name: each.type for each in around.entities[entity].fields})
    condition = written(draw, BOOLEAN, inside, 1)
    if draw(st.booleans()):
        return f"exists({entity}, {condition})"
    return f"count({entity}, {condition}) < 3"


# --- elements -----------------------------------------------------------------------------------


def types(draw: Draw) -> Type:
    kind = draw(st.sampled_from([*SIMPLE, OBJECT, list_of(TEXT), UUID]))
    return kind.maybe if draw(st.integers(0, 3)) == 0 else kind


def rules(draw: Draw, kind: Type) -> tuple[m.Rule, ...]:
    if draw(st.integers(0, 2)):
        return ()
    if kind.base in {Base.INTEGER, Base.NUMBER, Base.TEXT}:
        bound = Expression(str(draw(st.integers(0, 5))))
        exclusive = draw(st.booleans())
        if draw(st.booleans()):
            return (m.Rule(minimum=bound, exclusive=exclusive, clauses=("A.1",)),)
        return (m.Rule(maximum=bound, error="too_much"),)
    if kind.base is Base.DATETIME:
        return (m.Rule(minimum=Expression("now()")),)
    return ()


def fields(draw: Draw) -> tuple[m.Field, ...]:
    names = draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=5, unique=True))
    return tuple(_field(draw, name) for name in names)


def _field(draw: Draw, name: str) -> m.Field:
    kind = types(draw)
    default = None
    if draw(st.integers(0, 3)) == 0:
        default = expression(draw, kind.required, Around(), 1)
    return m.Field(
        name=name,
        type=kind,
        default=default,
        rules=rules(draw, kind),
        places=2 if kind.base is Base.NUMBER and draw(st.booleans()) else None,
        unit=draw(st.sampled_from(["", "EUR"])),
        clauses=("A.1",) if draw(st.booleans()) else (),
    )


def entity(draw: Draw, name: str, others: Mapping[str, m.Entity]) -> m.Entity:
    key = m.Field(name=f"{name.lower()}_id", type=draw(st.sampled_from([UUID, TEXT, INTEGER])))
    held = [key, *fields(draw)]
    if name == "Order":
        held.append(m.Field(name="status", type=enum_of(*STATES)))
    held += [
        m.Field(name=other.lower(), type=entity_type(other, optional=True))
        for other in others
        if draw(st.booleans())
    ]
    plain = [each.name for each in held if each.type.base not in {Base.LIST, Base.OBJECT}]
    found = m.Entity(name=name, fields=tuple(held), key=key.name)
    around = around_record(found)
    unique = ()
    if draw(st.booleans()):
        when = expression(draw, BOOLEAN, around, 1) if draw(st.booleans()) else None
        unique = (m.Unique(fields=(draw(st.sampled_from(plain)),), when=when),)
    guards = ()
    if draw(st.integers(0, 3)) == 0:
        guards = (m.Guard(require=expression(draw, BOOLEAN, around), error="not_right"),)
    return m.Entity(
        name=name, fields=tuple(held), key=key.name, unique=unique, guards=guards,
        clauses=("A.1", "A.2"),
    )  # fmt: skip


def around_record(each: m.Entity, prefix: str = "") -> Around:
    return Around({f"{prefix}{f.name}": f.type for f in each.fields})


def machine(draw: Draw) -> m.Machine:
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from(STATES), st.sampled_from(STATES)),
            min_size=1, max_size=4, unique=True,
        )
    )  # fmt: skip
    return m.Machine(
        entity="Order",
        field="status",
        initial=draw(st.sampled_from(STATES)),
        transitions=tuple(m.Transition(source=a, target=b, clauses=("A.2",)) for a, b in pairs),
    )


PORTS = (m.Port(name="mailer", capability="mail", system="SendGrid"),
         m.Port(name="payments", capability="payment"),
         m.Port(name="jobs", capability="queue", clauses=("A.1",)))  # fmt: skip
EVENTS = (
    m.Event(
        name="thing_happened",
        fields=(m.Field(name="label", type=TEXT), m.Field(name="size", type=INTEGER.maybe)),
        topic="things.happened",
    ),
)


@dataclass
class Half:
    """A specification without operations, and what these may look at."""

    entities: dict[str, m.Entity]
    machines: tuple[m.Machine, ...]

    @property
    def specification(self) -> m.Specification:
        return m.Specification(
            title="Random", package="random_things", entities=tuple(self.entities.values()),
            machines=self.machines, ports=PORTS, events=EVENTS,
        )  # fmt: skip


def retry(draw: Draw) -> m.Retry | None:
    if draw(st.booleans()):
        return None
    return m.Retry(times=draw(st.integers(1, 3)), wait=timedelta(seconds=2), factor=3)


def effects(draw: Draw, half: Half, around: Around) -> tuple[m.Effect, ...]:
    return tuple(_effect(draw, half, around) for _ in range(draw(st.integers(0, 2))))


def _effect(draw: Draw, half: Half, around: Around) -> m.Effect:
    when = expression(draw, BOOLEAN, around) if draw(st.booleans()) else None
    choice = draw(st.integers(0, 3))
    if choice == 0:
        port = draw(st.sampled_from(PORTS))
        message = CAPABILITIES[port.capability].message
        return m.Send(
            port=port.name,
            when=when,
            message=tuple(
                m.Assign(name=name, value=expression(draw, kind, around))
                for name, kind in message.items()
            ),
            retry=retry(draw),
            on_failure=draw(st.sampled_from(m.OnFailure)),
        )
    if choice == 1:
        return m.Publish(
            event="thing_happened",
            when=when,
            payload=(m.Assign(name="label", value=expression(draw, TEXT, around)),),
        )
    other = draw(st.sampled_from(sorted(half.entities)))
    target = half.entities[other]
    outer = Around({name.replace("this.", "") if "." in name else f"this.{name}": kind
                    for name, kind in around.names.items() if "." not in name})  # fmt: skip
    if choice == 2:
        settable = [f for f in target.fields if f.name not in {target.key, "status"}
                    and f.type.base is not Base.ENTITY]  # fmt: skip
        inside = Around({**outer.names, **around_record(target).names})
        chosen = draw(st.sampled_from(settable))
        return m.Change(
            entity=other,
            where=expression(draw, BOOLEAN, inside),
            set=(m.Assign(name=chosen.name, value=expression(draw, chosen.type.required, inside)),),
            when=when,
        )
    state = state_field(half.specification, other)
    made = [f for f in target.fields if f.name != state and f.type.base is not Base.ENTITY]
    return m.Add(
        entity=other,
        set=tuple(
            m.Assign(name=f.name, value=expression(draw, f.type.required, outer, 1)) for f in made
        ),
        when=when,
    )


def common(
    draw: Draw, half: Half, request: Around, record: Around, after: Around
) -> dict[str, Any]:
    """Attributes that every operation has."""
    found: dict[str, Any] = {"clauses": ("A.1",)}
    if draw(st.integers(0, 3)) == 0:
        found["roles"] = m.Roles(roles=("admin",), clauses=("A.2",))
    if draw(st.integers(0, 2)) == 0:
        both = Around({**request.names, **record.names}, half.entities)
        guard = m.Guard(require=expression(draw, BOOLEAN, both), error="not_now", message="wait")
        found["guards"] = (guard,)
    elif draw(st.integers(0, 8)) == 0:
        found["guards"] = (m.Guard(require=None, error="not_implemented"),)
    if draw(st.integers(0, 4)) == 0:
        by = Expression("caller.id") if draw(st.booleans()) else None
        found["rate"] = m.RateLimit(calls=2, per=timedelta(minutes=1), by=by)
    texts = [name for name, kind in request.names.items() if kind == TEXT]
    if texts and draw(st.integers(0, 3)) == 0:
        found["idempotency"] = m.Idempotency(key=Expression(draw(st.sampled_from(texts))))
    found["effects"] = effects(draw, half, Around({**request.names, **after.names}))
    return found


def operations(draw: Draw, half: Half) -> list[m.Operation]:
    found: list[m.Operation] = []
    builders = (_create, _read, _update, _delete, _listing, _aggregate, _notify, _import, _export)
    found += [
        build(draw, half, each)
        for each in half.entities.values()
        for build in builders
        if build is _create or draw(st.integers(0, 2)) == 0
    ]
    if half.machines:
        found.append(_move(draw, half))
    found.append(_compute(draw, half))
    return found


def _request(half: Half, operation: m.Operation) -> Around:
    return Around(
        {f"request.{each.name}": each.type for each in inputs_of(half.specification, operation)}
    )


def _extra(draw: Draw) -> tuple[m.Input, ...]:
    if draw(st.booleans()):
        return ()
    return (m.Input(name="wanted", type=draw(st.sampled_from([TEXT, INTEGER, NUMBER.maybe]))),)


def _finished(draw: Draw, half: Half, plain: Any, record: Around, after: Around) -> Any:
    return replace(plain, **common(draw, half, _request(half, plain), record, after))


def _create(draw: Draw, half: Half, each: m.Entity) -> m.Operation:
    state = state_field(half.specification, each.name)
    sets = [f for f in each.fields if f.name not in {each.key, state}
            and f.type.base is not Base.ENTITY and draw(st.integers(0, 4)) == 0]  # fmt: skip
    plain = m.Create(
        name=f"create_{each.name.lower()}",
        entity=each.name,
        inputs=_extra(draw),
        set=tuple(
            m.Assign(name=f.name, value=expression(draw, f.type.required, Around(), 1))
            for f in sets
        ),
    )
    record = around_record(each)
    return _finished(draw, half, plain, record, record)  # type: ignore[no-any-return]


def _where(draw: Draw, each: m.Entity, inputs: tuple[m.Input, ...] = ()) -> Expression | None:
    if draw(st.booleans()):
        return None
    names = {**around_record(each).names, **{f"request.{i.name}": i.type for i in inputs}}
    return expression(draw, BOOLEAN, Around(names))


def _old(each: m.Entity) -> Around:
    return Around({**around_record(each).names, **around_record(each, "old.").names})


def _read(draw: Draw, half: Half, each: m.Entity) -> m.Operation:
    plain = m.Read(name=f"read_{each.name.lower()}", entity=each.name, where=_where(draw, each))
    return _finished(draw, half, plain, around_record(each), around_record(each))  # type: ignore[no-any-return]


def _settable(half: Half, each: m.Entity) -> list[m.Field]:
    state = state_field(half.specification, each.name)
    return [f for f in each.fields if f.name not in {each.key, state}]


def _sets(draw: Draw, half: Half, each: m.Entity) -> tuple[m.Assign, ...]:
    return tuple(
        m.Assign(name=f.name, value=expression(draw, f.type.required, _old(each)))
        for f in _settable(half, each)
        if f.type.base is not Base.ENTITY and draw(st.integers(0, 3)) == 0
    )


def _update(draw: Draw, half: Half, each: m.Entity) -> m.Operation:
    inputs = _extra(draw)
    taken = tuple(f.name for f in _settable(half, each) if draw(st.booleans()))
    plain = m.Update(
        name=f"update_{each.name.lower()}", entity=each.name, inputs=inputs, fields=taken,
        where=_where(draw, each, inputs), set=_sets(draw, half, each),
    )  # fmt: skip
    return _finished(draw, half, plain, around_record(each), _old(each))  # type: ignore[no-any-return]


def _move(draw: Draw, half: Half) -> m.Operation:
    each = half.entities["Order"]
    targets = [t.target for t in half.machines[0].transitions]
    plain = m.Move(
        name="move_order", entity="Order", to=draw(st.sampled_from(targets)),
        where=_where(draw, each), set=_sets(draw, half, each),
        on="thing_happened" if draw(st.booleans()) and each.key == "label" else "",
    )  # fmt: skip
    return _finished(draw, half, plain, around_record(each), _old(each))  # type: ignore[no-any-return]


def _delete(draw: Draw, half: Half, each: m.Entity) -> m.Operation:
    plain = m.Delete(name=f"delete_{each.name.lower()}", entity=each.name, where=_where(draw, each))
    return _finished(draw, half, plain, around_record(each), _old(each))  # type: ignore[no-any-return]


def _notify(draw: Draw, half: Half, each: m.Entity) -> m.Operation:
    plain = m.Notify(
        name=f"notify_{each.name.lower()}", entity=each.name, where=Expression("True"),
        schedule=m.Schedule(every=timedelta(days=1), at=time(9) if draw(st.booleans()) else None),
    )  # fmt: skip
    done = _finished(draw, half, plain, around_record(each), _old(each))
    return replace(done, idempotency=None)  # type: ignore[no-any-return]


def _order(draw: Draw, around: Around) -> tuple[m.Order, ...]:
    kind = draw(st.sampled_from([INTEGER, TEXT, NUMBER]))
    if draw(st.booleans()):
        return ()
    return (m.Order(by=expression(draw, kind, around), descending=draw(st.booleans())),)


def _names(draw: Draw, each: m.Entity) -> tuple[str, ...]:
    return tuple(f.name for f in each.fields if draw(st.integers(0, 3)) == 0)


def _listing(draw: Draw, half: Half, each: m.Entity) -> m.Operation:
    inputs = _extra(draw)
    plain = m.Listing(
        name=f"list_{each.name.lower()}", entity=each.name, inputs=inputs,
        where=_where(draw, each, inputs), order=_order(draw, around_record(each)),
        limit=draw(st.sampled_from([None, 2])), paged=draw(st.booleans()),
        fields=_names(draw, each),
        route=m.Route(method="GET", path=f"/{each.name.lower()}", statuses=(("not_now", 409),)),
        command="list" if draw(st.booleans()) else "",
        parts=(("where", "A.2"), ("where", "A.1"), ("limit", "A.1")),
    )  # fmt: skip
    return _finished(draw, half, plain, Around(), Around())  # type: ignore[no-any-return]


def _export(draw: Draw, half: Half, each: m.Entity) -> m.Operation:
    plain = m.Export(
        name=f"export_{each.name.lower()}", entity=each.name,
        format=draw(st.sampled_from(m.FileFormat)), where=_where(draw, each),
        order=_order(draw, around_record(each)), fields=_names(draw, each),
    )  # fmt: skip
    return _finished(draw, half, plain, Around(), Around())  # type: ignore[no-any-return]


def _import(draw: Draw, half: Half, each: m.Entity) -> m.Operation:
    kinds = [m.FileFormat.JSON, m.FileFormat.JSON_LINES]
    plain = m.Import(
        name=f"import_{each.name.lower()}", entity=each.name,
        format=draw(st.sampled_from(kinds)), upsert=draw(st.booleans()),
    )  # fmt: skip
    return _finished(draw, half, plain, around_record(each), around_record(each))  # type: ignore[no-any-return]


def _aggregate(draw: Draw, half: Half, each: m.Entity) -> m.Operation:
    around = around_record(each)
    group = ()
    if draw(st.booleans()):
        kind = draw(st.sampled_from([TEXT, INTEGER, DATE]))
        group = (m.Assign(name="part", value=expression(draw, kind, around)),)
    measures = [m.Measure(name="how_many", reduce=m.Reduction.COUNT)]
    reduce = draw(st.sampled_from(m.Reduction))
    by = expression(draw, DATETIME, around) if reduce is m.Reduction.LATEST else None
    measures.append(
        m.Measure(name="total", reduce=reduce, of=expression(draw, NUMBER, around), by=by)
    )
    plain = m.Aggregate(
        name=f"sum_{each.name.lower()}", entity=each.name, measures=tuple(measures), group=group,
        where=_where(draw, each), order=(m.Order(by=Expression("how_many"), descending=True),),
        limit=draw(st.sampled_from([None, 1])),
    )  # fmt: skip
    return _finished(draw, half, plain, Around(), Around())  # type: ignore[no-any-return]


def _compute(draw: Draw, half: Half) -> m.Operation:
    inputs = (m.Input(name="base", type=NUMBER), m.Input(name="share", type=NUMBER.maybe),
              m.Input(name="words", type=TEXT, default=Expression("'a'")))  # fmt: skip
    names: dict[str, Type] = {"base": NUMBER, "share": NUMBER.maybe, "words": TEXT}
    results = []
    for name in ("first", "second"):
        kind = draw(st.sampled_from([NUMBER, INTEGER, TEXT, BOOLEAN]))
        value = expression(draw, kind, Around(names, half.entities))
        results.append(m.Result(name=name, type=kind, value=value, places=2))
        names[name] = kind
    plain = m.Compute(name="compute_things", inputs=inputs, results=tuple(results))
    return _finished(draw, half, plain, Around(), Around(names))  # type: ignore[no-any-return]


def workflow(draw: Draw, half: Half, done: list[m.Operation]) -> m.Workflow:
    steps: list[m.Step] = []
    known: dict[str, Type] = {"request.wanted": TEXT}
    for number in range(draw(st.integers(1, 3))):
        operation = draw(st.sampled_from(done))
        given = tuple(
            m.Assign(name=each.name, value=expression(draw, each.type.required, Around(known), 1))
            for each in inputs_of(half.specification, operation)
            if needed(each) or (each.type.base is not Base.ENTITY and draw(st.booleans()))
        )
        when = expression(draw, BOOLEAN, Around(known), 1) if draw(st.booleans()) else None
        keep = draw(st.sampled_from(m.OnFailure))
        name = f"step_{number}"
        steps.append(
            m.Step(name=name, operation=operation.name, given=given, when=when, retry=retry(draw),
                   on_failure=keep, clauses=("A.2",))
        )  # fmt: skip
        for answer, kind in answers_of(half.specification, operation).items():
            maybe = when is not None or keep is m.OnFailure.KEEP
            known[f"{name}.{answer}"] = kind.maybe if maybe else kind
    return m.Workflow(
        name="run_things", inputs=(m.Input(name="wanted", type=TEXT),), steps=tuple(steps)
    )


@st.composite
def specifications(draw: Draw) -> m.Specification:
    """A random right specification."""
    first = entity(draw, "Order", {})
    second = entity(draw, "Item", {"Order": first})
    half = Half({"Order": first, "Item": second}, (machine(draw),) if draw(st.booleans()) else ())
    done = operations(draw, half)
    if draw(st.booleans()):
        done.append(workflow(draw, half, done))
    return replace(
        half.specification,
        description=draw(st.sampled_from(["", "Things: 'and' \"more\"\n- #x"])),
        operations=tuple(done),
        clauses=(
            m.ClauseNote(
                id="A.1", requirement="A", line=3, text=draw(st.text(max_size=30)),
                state=m.State.READ,
            ),
            m.ClauseNote(
                id="A.2", requirement="A", line=4, text="b", state=m.State.OPEN, reason="c"
            ),
        ),
        stores=(m.Store(system="PostgreSQL"),),
        qualities=(
            m.Quality(measure="latency_p95", comparison="<=", value=200.5, unit="ms per call",
                      operation="create_order", clauses=("A.2",)),
        ),
    )  # fmt: skip
