"""Each element of a specification as one plain English sentence.

A reader sees at a glance whether a clause was understood, without knowing the language. The module
is over 400 lines because it has one short function for each class of the language.
"""

from collections.abc import Iterator
from functools import singledispatch

from nodewright.spec import model as m
from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.english import in_english, words
from nodewright.spec.expressions import Expression
from nodewright.spec.requests import rule_code, unique_code
from nodewright.spec.short_forms import write_span, write_time
from nodewright.spec.tree import Path, at, elements
from nodewright.spec.types import Base, Type


def sentences(specification: m.Specification) -> Iterator[tuple[Path, str]]:
    """Every element's path and sentence, from the top to the bottom."""
    for path, element in elements(specification):
        yield path, paraphrase(element, holder(specification, path))


def holder(specification: m.Specification, path: Path) -> str:
    """The name of the element that holds the one at ``path``."""
    for end in range(len(path) - 1, 0, -1):
        name = getattr(at(specification, path[:end]), "name", "")
        if name:
            return str(name)
    return ""


def paraphrase(element: m.Element, of: str = "") -> str:
    """``element`` as a sentence; ``of`` names what holds it, such as the field of a rule.

    >>> from nodewright.spec.expressions import Expression
    >>> paraphrase(m.Rule(minimum=Expression("0"), exclusive=True), "price")
    'Refuses with price_invalid unless price is greater than 0.'
    """
    text = _sentence(element, of).strip()
    return f"{text[:1].upper()}{text[1:]}."


def kind_of(kind: Type) -> str:
    """A type in words."""
    match kind.base:
        case Base.ENUM:
            text = f"one of {', '.join(kind.values)}"
        case Base.LIST:
            text = f"a list of {kind_of(kind.item)}" if kind.item else "a list"
        case Base.ENTITY:
            text = f"a {kind.entity}"
        case Base.INTEGER:
            text = "a whole number"
        case Base.OBJECT | Base.UUID:
            text = f"an {kind.base.value}" if kind.base is Base.OBJECT else "a unique id"
        case _:
            text = f"a {kind.base.value}"
    return f"{text}, or missing" if kind.optional else text


@singledispatch
def _sentence(element: m.Element, of: str) -> str:
    del of
    return f"there is a {type(element).__name__.lower()}"


def _if(element: m.Effect | m.Step) -> str:
    return f" if {in_english(element.when)}" if element.when is not None else ""


def _given(assigns: tuple[m.Assign, ...]) -> str:
    return ", ".join(f"{words(each.name)} {in_english(each.value)}" for each in assigns)


def _setting(assigns: tuple[m.Assign, ...]) -> str:
    return f", and sets {_given_as(assigns)}" if assigns else ""


def _given_as(assigns: tuple[m.Assign, ...]) -> str:
    return ", ".join(f"{words(each.name)} to {in_english(each.value)}" for each in assigns)


# --- data ---------------------------------------------------------------------------------------


@_sentence.register
def _(element: m.Entity, of: str) -> str:
    del of
    names = ", ".join(words(each.name) for each in element.fields)
    key = f", told apart by {words(element.key)}" if element.key else ""
    return f"a {element.name} has {names}{key}"


@_sentence.register
def _(element: m.Field, of: str) -> str:
    unit = f" in {element.unit}" if element.unit else ""
    default = f", {in_english(element.default)} where it is left out" if element.default else ""
    places = f", rounded to {element.places} places" if element.places is not None else ""
    owner = f"the {words(element.name)} of a {of}" if of else f"the {words(element.name)}"
    return f"{owner} is {kind_of(element.type)}{unit}{default}{places}"


@_sentence.register
def _(element: m.Input, of: str) -> str:
    default = f", {in_english(element.default)} where it is left out" if element.default else ""
    return f"{words(of)} is given {words(element.name)}, {kind_of(element.type)}{default}"


@_sentence.register
def _(element: m.Rule, of: str) -> str:
    demands = []
    for bound, beyond, at_all in (
        (element.minimum, "greater than", "at least"),
        (element.maximum, "less than", "at most"),
    ):
        if bound is not None:
            demands.append(f"{beyond if element.exclusive else at_all} {in_english(bound)}")
    if element.format is not None:
        demands.append(f"a valid {element.format.value}")
    if element.pattern:
        demands.append(f"of the form {element.pattern}")
    code = rule_code(element, of or "value")
    return f"refuses with {code} unless {words(of)} is {' and '.join(demands)}"


@_sentence.register
def _(element: m.Unique, of: str) -> str:
    names = " and ".join(words(name) for name in element.fields)
    when = f" where {in_english(element.when)}" if element.when is not None else ""
    return f"refuses with {unique_code(element)} a second {of} with the same {names}{when}"


@_sentence.register
def _(element: m.Guard, of: str) -> str:
    del of
    if element.require is None:
        return "always refuses with not_implemented, because what it demands was not understood"
    return f"refuses with {element.error} unless {in_english(element.require)}"


@_sentence.register
def _(element: m.Machine, of: str) -> str:
    del of
    moves = ", ".join(f"{each.source} to {each.target}" for each in element.transitions)
    return (
        f"a new {element.entity} is {element.initial}, and its {words(element.field)} moves only "
        f"from {moves or 'there to nothing'}"
    )


@_sentence.register
def _(element: m.Transition, of: str) -> str:
    del of
    guards = " and ".join(in_english(each.require) for each in element.guards)
    return f"what is {element.source} can become {element.target}" + (
        f" if {guards}" if guards else ""
    )


# --- effects ------------------------------------------------------------------------------------


@_sentence.register
def _(element: m.Assign, of: str) -> str:
    del of
    return f"{words(element.name)} is {in_english(element.value)}"


@_sentence.register
def _(element: m.Send, of: str) -> str:
    del of
    failure = "refuses" if element.on_failure is m.OnFailure.REFUSE else "goes on with a warning"
    tries = f" after {element.retry.times} more tries" if element.retry else ""
    return (
        f"sends {words(element.port)} a message with {_given(element.message)}{_if(element)}; "
        f"{failure} if that fails{tries}"
    )


@_sentence.register
def _(element: m.Publish, of: str) -> str:
    del of
    payload = f" with {_given(element.payload)}" if element.payload else ""
    return f"publishes {words(element.event)}{payload}{_if(element)}"


@_sentence.register
def _(element: m.Change, of: str) -> str:
    del of
    where = in_english(element.where)
    changes = _given_as(element.set)
    return f"changes every {element.entity} for which {where}: sets {changes}{_if(element)}"


@_sentence.register
def _(element: m.Add, of: str) -> str:
    del of
    return f"adds a {element.entity} with {_given(element.set)}{_if(element)}"


@_sentence.register
def _(element: m.Retry, of: str) -> str:
    del of
    return (
        f"tries again up to {element.times} times, first after {write_span(element.wait)}, "
        f"each time {element.factor} times as long"
    )


# --- what operations have -----------------------------------------------------------------------


@_sentence.register
def _(element: m.Schedule, of: str) -> str:
    every = write_span(element.every).removeprefix("1 ")
    at_time = f" at {write_time(element.at)} (UTC)" if element.at is not None else ""
    return f"{words(of)} runs by itself every {every}{at_time}"


@_sentence.register
def _(element: m.RateLimit, of: str) -> str:
    by = f" for each {in_english(element.by)}" if element.by is not None else ""
    return (
        f"{words(of)} is refused after {element.calls} calls within {write_span(element.per)}{by}"
    )


@_sentence.register
def _(element: m.Idempotency, of: str) -> str:
    key = in_english(element.key)
    return f"{words(of)} is done once for each {key}; a repeat gets the first answer"


@_sentence.register
def _(element: m.Route, of: str) -> str:
    codes = "".join(f", {status} for {code}" for code, status in element.statuses)
    return f"{element.method} {element.path} calls {words(of)} and answers {element.status}{codes}"


@_sentence.register
def _(element: m.Roles, of: str) -> str:
    return f"only {' or '.join(element.roles)} may {words(of)}"


@_sentence.register
def _(element: m.Order, of: str) -> str:
    del of
    way = "largest or latest" if element.descending else "smallest or earliest"
    return f"orders by {in_english(element.by)}, {way} first"


@_sentence.register
def _(element: m.Measure, of: str) -> str:
    del of
    subject = in_english(element.of) if element.of is not None else "records"
    by = f" by {in_english(element.by)}" if element.by is not None else ""
    return f"{words(element.name)} is the {element.reduce.value} of {subject}{by}"


@_sentence.register
def _(element: m.Result, of: str) -> str:
    del of
    places = f", rounded to {element.places} places" if element.places is not None else ""
    return f"{words(element.name)} is {in_english(element.value)}{places}"


# --- operations ---------------------------------------------------------------------------------


def _which(element: m.Selected) -> str:
    if element.where is None:
        return f"the {element.entity} with the given key"
    return f"every {element.entity} for which {in_english(element.where)}"


def _where(expression: Expression | None, entity: str) -> str:
    if expression is not None:
        return f"the {entity} records for which {in_english(expression)}"
    return f"all {entity} records"


def _ordered(order: tuple[m.Order, ...]) -> str:
    said = [f"{in_english(each.by)}{' descending' if each.descending else ''}" for each in order]
    return f", by {', then '.join(said)}" if said else ""


@_sentence.register
def _(element: m.Create, of: str) -> str:
    del of
    return f"{words(element.name)} makes a new {element.entity}{_setting(element.set)}"


@_sentence.register
def _(element: m.Read, of: str) -> str:
    del of
    return f"{words(element.name)} answers {_which(element)}"


@_sentence.register
def _(element: m.Update, of: str) -> str:
    del of
    taken = ", ".join(words(name) for name in element.fields)
    given = f" the given {taken} of" if taken else ""
    return f"{words(element.name)} changes{given} {_which(element)}{_setting(element.set)}"


@_sentence.register
def _(element: m.Move, of: str) -> str:
    del of
    return f"{words(element.name)} makes {_which(element)} {element.to}{_setting(element.set)}"


@_sentence.register
def _(element: m.Delete, of: str) -> str:
    del of
    return f"{words(element.name)} removes {_which(element)}"


@_sentence.register
def _(element: m.Notify, of: str) -> str:
    del of
    return f"{words(element.name)} sends word of {_which(element)}"


@_sentence.register
def _(element: m.Listing, of: str) -> str:
    del of
    most = f", at most {element.limit}" if element.limit is not None else ""
    paged = ", page by page" if element.paged else ""
    only = f", only {', '.join(map(words, element.fields))}" if element.fields else ""
    where = _where(element.where, element.entity)
    return f"{words(element.name)} lists {where}{_ordered(element.order)}{most}{paged}{only}"


@_sentence.register
def _(element: m.Aggregate, of: str) -> str:
    del of
    measures = ", ".join(
        f"{each.reduce.value}{f' of {in_english(each.of)}' if each.of is not None else ''}"
        for each in element.measures
    )
    group = ", ".join(in_english(each.value) for each in element.group)
    per = f" for each {group}" if group else ""
    most = f", at most {element.limit} rows" if element.limit is not None else ""
    where = _where(element.where, element.entity)
    return f"{words(element.name)} answers the {measures} of {where}{per}{most}"


@_sentence.register
def _(element: m.Compute, of: str) -> str:
    del of
    if not element.results:
        return f"{words(element.name)} checks {element.entity or 'its inputs'} and stores nothing"
    results = " and ".join(
        f"{words(each.name)} as {in_english(each.value)}" for each in element.results
    )
    return f"{words(element.name)} computes {results}"


@_sentence.register
def _(element: m.Import, of: str) -> str:
    del of
    upsert = ", changing those whose key is known" if element.upsert else ""
    return (
        f"{words(element.name)} reads {element.entity} records from {element.format.value}{upsert}"
    )


@_sentence.register
def _(element: m.Export, of: str) -> str:
    del of
    where = _where(element.where, element.entity)
    return (
        f"{words(element.name)} writes {where} as {element.format.value}{_ordered(element.order)}"
    )


@_sentence.register
def _(element: m.Workflow, of: str) -> str:
    del of
    steps = ", then ".join(words(each.operation) for each in element.steps)
    return f"{words(element.name)} runs {steps}"


@_sentence.register
def _(element: m.Step, of: str) -> str:
    stops = (
        "stops if it fails" if element.on_failure is m.OnFailure.REFUSE else "goes on if it fails"
    )
    undo = f", taken back by {words(element.undo)}" if element.undo else ""
    inputs = f" with {_given(element.given)}" if element.given else ""
    name = words(element.operation)
    step = f"step {words(element.name)} of {words(of)}"
    return f"{step} runs {name}{inputs}{_if(element)}{undo}, {stops}"


# --- surroundings -------------------------------------------------------------------------------


@_sentence.register
def _(element: m.Port, of: str) -> str:

    del of
    capability = CAPABILITIES.get(element.capability)
    purpose = capability.purpose if capability else element.capability
    system = f" through {element.system}" if element.system else ""
    return f"{words(element.name)} is there to {purpose}{system}"


@_sentence.register
def _(element: m.Event, of: str) -> str:
    del of
    names = ", ".join(words(each.name) for each in element.fields) or "nothing"
    topic = f" on topic {element.topic}" if element.topic else ""
    return f"{words(element.name)} is an event with {names}{topic}"


@_sentence.register
def _(element: m.Store, of: str) -> str:
    del of
    which = ", ".join(element.entities)
    return f"{which or 'all'} records are kept in {element.system}"


@_sentence.register
def _(element: m.Quality, of: str) -> str:
    del of
    subject = f" of {words(element.operation)}" if element.operation else ""
    number = f"{element.value:g} {element.unit}".strip()
    return f"the {words(element.measure)}{subject} is {element.comparison} {number}"
