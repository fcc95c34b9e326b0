"""The pass for conversions: a value in one unit from its value in others."""

import re

from nodewright.language.naming import snake
from nodewright.language.vocabulary import load_data
from nodewright.reading.accounting import account
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import name_stems
from nodewright.reading.operations import add_operation, named
from nodewright.reading.things import thing_of
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Compute, Entity, Field, Guard, Input, Result
from nodewright.spec.types import NUMBER, Base, enum_of

_UNIT = re.compile(r"(?:the unit )?(?P<unit>[^\s,.;]{1,10})$")


def read_conversions(draft: Draft, demands: list[Demand]) -> None:
    """Conversions into a unit.

    "convert readings into kWh", where a reading has a value and a unit of kWh and MWh, becomes a
    ``Compute``: the value times 1000 for MWh. A unit that cannot be converted is refused.
    """
    for demand in demands:
        found = _UNIT.match(demand.complement("into", "to", "in"))
        if demand.negated or demand.verb not in _CONVERTING or found is None:
            continue
        thing = thing_of(draft, demand.object)
        made = _conversion(thing.entity, found["unit"], demand) if thing is not None else None
        if thing is None or made is None:
            continue
        add_operation(draft, made)
        account(draft, demand, thing)
        draft.understand(demand.clause, "into to in", found["unit"])


_CONVERTING = {"convert", "normalize", "normalise", "transform"}


def _conversion(entity: Entity, target: str, demand: Demand) -> Compute | None:
    unit = next((each for each in entity.fields if _is_unit(each)), None)
    numbers = [each for each in entity.fields if each.type.numeric]
    if unit is None or len(numbers) != 1:
        return None
    factors = {target: "1"} | _factors(target)
    known = [each for each in (unit.type.values or tuple(factors)) if each in factors]
    if len(known) < 2:
        return None
    clauses = (demand.clause.id,)
    left = [each for each in unit.type.values if each not in factors]
    units = tuple(unit.type.values) or tuple(known)
    value = numbers[0].name
    text = value
    for each in known:
        if each != target:
            text = f"{value} * {factors[each]} if unit == {each!r} else {text}"
    allowed = ", ".join(repr(each) for each in known)
    guard = Guard(
        require=Expression(f"unit in [{allowed}]"), error="unit_not_convertible", clauses=clauses
    )
    return Compute(
        name=named(demand.verb, f"{entity.name} to {target.lower()}"),
        clauses=clauses,
        inputs=(
            Input(name=value, type=NUMBER, clauses=clauses),
            Input(name="unit", type=enum_of(*units), clauses=clauses),
        ),
        guards=(guard,) if left else (),
        results=(
            Result(
                name=f"{value}_{snake(target.lower())}",
                type=NUMBER,
                value=Expression(text),
                clauses=clauses,
            ),
        ),
        assumed=f"the text does not say how {', '.join(left)} is converted" if left else "",
    )


def _is_unit(field: Field) -> bool:
    return name_stems(field.name)[-1:] == ("unit",) and field.type.base in {Base.TEXT, Base.ENUM}


def _factors(target: str) -> dict[str, str]:
    """Unit -> its factor to ``target``, of the same kind of measure."""
    kinds: dict[str, dict[str, float]] = load_data("units")
    for units in kinds.values():
        if target in units:
            return {name: _plain(size / units[target]) for name, size in units.items()}
    return {}


def _plain(number: float) -> str:
    text = f"{number:.12g}"
    return text if "e" not in text else f"{number:.15f}".rstrip("0")
