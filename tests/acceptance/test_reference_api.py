"""Every class, method, parameter, default, field and enum value of the API reference is there.

The table is ``tests/typing/reference.py``, whose types mypy compares; here names, order, defaults
and kinds of functions are.
"""

import dataclasses
import inspect
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from typing import Any, get_type_hints

import pytest
from tests.typing import reference

# Documented module -> documented names that live in it.
PLACES = {
    "template_cache": ("TemplateCache", "CachedTemplate"),
    "parallel_generator": ("ParallelGenerator", "GenerationJob", "GenerationResult"),
    "mixin_learner": ("MixinLearner", "MixinPrediction", "ModelMetrics"),
    "pattern_feedback": ("PatternFeedbackCollector", "PatternFeedback", "PatternAnalysis"),
    "event_optimizer": (
        "EventOptimizer",
        "CircuitBreaker",
        "OptimizerConfig",
        "CircuitBreakerConfig",
        "CircuitState",
    ),
    "batch_processor": ("BatchProcessor", "BatchConfig"),
    "monitoring": (
        "MonitoringSystem",
        "MonitoringThresholds",
        "MonitoringAlert",
        "HealthStatus",
        "Metric",
        "AlertSeverity",
        "MetricType",
    ),
    "structured_logger": ("StructuredLogger", "LogRecord", "LogLevel"),
}
# Documented functions of modules, in the table as methods of these.
FUNCTIONS = {
    "monitoring": reference.MonitoringFunctions,
    "structured_logger": reference.LoggerFunctions,
}

WHERE = {name: module for module, names in PLACES.items() for name in names}
TABLE: dict[str, type] = {name: getattr(reference, name) for name in WHERE}
ENUMS = {name: made for name, made in TABLE.items() if issubclass(made, Enum)}
RECORDS = {name: made for name, made in TABLE.items() if dataclasses.is_dataclass(made)}
CLASSES = {name: made for name, made in TABLE.items() if name not in ENUMS | RECORDS}


def real(name: str) -> Any:
    return getattr(import_module(f"agents.lib.{WHERE[name]}"), name)


def methods(made: type) -> Iterator[tuple[str, Any]]:
    members = {name: one for kind in reversed(made.__mro__) for name, one in vars(kind).items()}
    for name, function in members.items():
        # A protocol without a constructor has one of typing's own.
        own = inspect.isfunction(function) and function.__module__ == reference.__name__
        if own and (not name.startswith("_") or name == "__init__"):
            yield name, function


def callables() -> Iterator[Any]:
    for class_name, made in CLASSES.items():
        for name, function in methods(made):
            yield pytest.param(real(class_name), name, function, id=f"{class_name}.{name}")
    for module, made in FUNCTIONS.items():
        for name, function in methods(made):
            place = import_module(f"agents.lib.{module}")
            yield pytest.param(place, name, function, id=f"{module}.{name}")


def documented_parameters(function: Any) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())[1:]


def test_the_table_is_whole() -> None:
    """Nothing is in the table of types that is not compared here."""
    protocols = {
        name
        for name, made in vars(reference).items()
        if inspect.isclass(made) and made.__module__ == reference.__name__
    }
    compared = {"Monitoring", *TABLE} | {made.__name__ for made in FUNCTIONS.values()}
    assert protocols == compared
    assert len(list(callables())) == 65
    assert len(RECORDS) == 15
    assert len(ENUMS) == 4


@pytest.mark.parametrize(("owner", "name", "documented"), list(callables()))
def test_a_function_takes_what_is_documented(owner: Any, name: str, documented: Any) -> None:
    function = getattr(owner, name)
    assert inspect.iscoroutinefunction(function) is inspect.iscoroutinefunction(documented)
    taken = list(inspect.signature(function).parameters.values())
    if inspect.isclass(owner):
        taken = taken[1:]
    wanted = documented_parameters(documented)
    for number, parameter in enumerate(wanted):
        found = taken[number]
        assert (found.name, found.kind) == (parameter.name, parameter.kind)
        if parameter.default is not inspect.Parameter.empty:
            # By value: enums of the table are not the real ones, their values are.
            assert found.default == parameter.default
            assert type(found.default).__name__ == type(parameter.default).__name__
    for extra in taken[len(wanted) :]:
        assert extra.default is not inspect.Parameter.empty, f"{extra} must be given"


@pytest.mark.parametrize("name", RECORDS)
def test_a_dataclass_has_the_documented_fields(name: str) -> None:
    found = {field.name: field for field in dataclasses.fields(real(name))}
    wanted = {field.name: field for field in dataclasses.fields(RECORDS[name])}
    assert list(found)[: len(wanted)] == list(wanted)
    for field in list(found.values())[len(wanted) :]:
        assert field.default is not dataclasses.MISSING or callable(field.default_factory)
    for key, field in wanted.items():
        assert found[key].default == field.default
        assert (found[key].default_factory is dataclasses.MISSING) == (
            field.default_factory is dataclasses.MISSING
        )
        if field.default_factory is not dataclasses.MISSING:
            made: Any = found[key].default_factory
            assert type(made()) is type(field.default_factory())
    types, documented = get_type_hints(real(name)), get_type_hints(RECORDS[name])
    assert {key: types[key] for key in documented} == documented


@pytest.mark.parametrize("name", RECORDS)
def test_a_dataclass_is_one_to_its_users(name: str) -> None:
    """Made by position or by name, compared by value, and its lists are its own."""
    made = real(name)
    required = [
        field.name
        for field in dataclasses.fields(RECORDS[name])
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    values = dict.fromkeys(required, "x")
    one, other = made(**values), made(*values.values())
    for field in dataclasses.fields(RECORDS[name]):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, list | dict):
            assert mine is not theirs
        if field.name in {"created_at", "timestamp"} and field.name not in required:
            assert mine.tzinfo is not None
            setattr(other, field.name, mine)
    assert one == other
    assert repr(one).startswith(name)


@pytest.mark.parametrize("name", ENUMS)
def test_an_enum_has_the_documented_values(name: str) -> None:
    found = real(name)
    assert {member.name: member.value for member in found} == {
        member.name: member.value for member in ENUMS[name]
    }
    assert issubclass(found, str) is issubclass(ENUMS[name], str)
    assert [str(member) for member in found] == [str(member) for member in ENUMS[name]]
