"""The functions of the language as Python."""

from collections.abc import Callable

from nodewright.rendering.scopes import (
    ADD,
    ATOM,
    COMPARE,
    MULTIPLY,
    Code,
    as_text,
    call,
    common,
    decimal,
    fitted,
)
from nodewright.spec.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    UUID,
    Base,
    Type,
)

Function = Callable[[list[Code]], Code]
# Function -> what of the surroundings it asks for.
WORLDLY = {
    "now": ("now()", DATETIME),
    "today": ("now().date()", DATE),
    "new_id": ("new_id()", UUID),
}


def _day(code: Code) -> str:
    if code.type.base is Base.DATETIME:
        return f"{code.within(ATOM)}.astimezone(dt.UTC).date()"
    return code.within(ATOM)


def _plain(template: str, kind: Type) -> Function:
    """A function whose arguments are written into ``template``, ``{0}``, ``{1}``."""
    return lambda args: call(template.format(*(each.within(ATOM) for each in args)), kind)


def _of_day(template: str, kind: Type) -> Function:
    return lambda args: call(template.format(_day(args[0])), kind)


def _span(unit: str, seconds: int) -> Function:
    def span(args: list[Code]) -> Code:
        amount = args[0]
        if amount.type.base is Base.INTEGER:
            return call(f"dt.timedelta({unit}={amount.text})", DURATION)
        factor = f" * {seconds}" if seconds > 1 else ""
        return call(f"span({amount.within(MULTIPLY)}{factor})", DURATION)

    return span


def _total(seconds: int) -> Function:
    def total(args: list[Code]) -> Code:
        whole = f"seconds_of({args[0].text})"
        if seconds == 1:
            return call(whole, NUMBER)
        return Code(f"{whole} / {seconds}", NUMBER, MULTIPLY)

    return total


def _round(args: list[Code]) -> Code:
    number = args[0] if args[0].type.base is Base.NUMBER else decimal(args[0])
    places = args[1].text if len(args) > 1 else "0"
    return call(f"rounded({number.text}, {places})", NUMBER)


def _whole(name: str) -> Function:
    def whole(args: list[Code]) -> Code:
        if args[0].type.base is Base.INTEGER:
            return args[0]
        return call(f"math.{name}({args[0].text})", INTEGER)

    return whole


def _extreme(name: str) -> Function:
    def extreme(args: list[Code]) -> Code:
        kind = args[0]
        for each in args[1:]:
            kind = Code("", common(kind, each))
        inside = ", ".join(fitted(each, kind.type).text for each in args)
        return call(f"{name}({inside})", kind.type)

    return extreme


def _contains(args: list[Code]) -> Code:
    return Code(f"{args[1].within(ADD)} in {args[0].within(ADD)}", BOOLEAN, COMPARE)


FUNCTIONS: dict[str, Function] = {
    "seconds": _span("seconds", 1),
    "minutes": _span("minutes", 60),
    "hours": _span("hours", 3600),
    "days": _span("days", 86_400),
    "weeks": _span("weeks", 604_800),
    "date": lambda args: call(_day(args[0]), DATE),
    "start_of_week": lambda args: call(f"start_of_week({_day(args[0])})", DATE),
    "start_of_month": _of_day("{}.replace(day=1)", DATE),
    "start_of_year": _of_day("{}.replace(month=1, day=1)", DATE),
    "year": _of_day("{}.year", INTEGER),
    "month": _of_day("{}.month", INTEGER),
    "weekday": _of_day("{}.isoweekday()", INTEGER),
    "hour": _plain("{0}.astimezone(dt.UTC).hour", INTEGER),
    "total_seconds": _total(1),
    "total_minutes": _total(60),
    "total_hours": _total(3600),
    "total_days": _total(86_400),
    "length": lambda args: call(f"len({args[0].text})", INTEGER),
    "lower": _plain("{0}.lower()", TEXT),
    "upper": _plain("{0}.upper()", TEXT),
    "strip": _plain("{0}.strip()", TEXT),
    "contains": _contains,
    "starts_with": _plain("{0}.startswith({1})", BOOLEAN),
    "ends_with": _plain("{0}.endswith({1})", BOOLEAN),
    "text": lambda args: as_text(args[0]),
    "join": _plain("{0}.join({1})", TEXT),
    "round": _round,
    "floor": _whole("floor"),
    "ceil": _whole("ceil"),
    "abs": lambda args: call(f"abs({args[0].text})", args[0].type),
    "min": _extreme("min"),
    "max": _extreme("max"),
    "number": lambda args: args[0] if args[0].type.base is Base.NUMBER else decimal(args[0]),
}
