"""The modules that all nodes of a package share."""

from collections.abc import Iterator
from typing import Any

from nodewright.planning.inputs import asked_inputs, key_field
from nodewright.planning.plan import Plan
from nodewright.rendering.effects import event_class, message_class
from nodewright.rendering.entity_files import entity_files, record_file
from nodewright.rendering.expressions import condition
from nodewright.rendering.file_context import Context, FileContext
from nodewright.rendering.imports import import_block, imports_for
from nodewright.rendering.known_names import fake_class, own_names, port_class, topic
from nodewright.rendering.methods import expressions_in, speaks_of_caller
from nodewright.rendering.models import dedented, field_lines, typed_fields
from nodewright.rendering.names import annotation, model_class, resolved, safe, variable
from nodewright.rendering.records import names_tuple
from nodewright.rendering.rules import is_indexed
from nodewright.rendering.scopes import Record, Scope
from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.model import Entity, Specification, Unique

_PLAIN = (
    "values", "refusals", "formulas", "formats", "surroundings", "contracts", "publishing",
    "model_operation_request", "model_operation_answer",
)  # fmt: skip


def frame_files(plan: Plan, specification: Specification) -> Iterator[FileContext]:
    """The modules that all nodes share."""
    package = specification.package
    root = f"src/{package}"
    plain = {"package": package}
    for name in _PLAIN:
        yield FileContext(f"frame/{name}.py.j2", f"{root}/{name}.py", plain)
    for name in ("store", "store_in_memory", "unique", "journal", "ledgers"):
        yield FileContext(f"frame/{name}.py.j2", f"{root}/stores/{name}.py", plain)
    yield FileContext("frame/port.py.j2", f"{root}/ports/port.py", plain)
    attributes = _caller_attributes(specification)
    yield FileContext(
        "frame/model_caller.py.j2",
        f"{root}/model_caller.py",
        plain | {"names": attributes},
    )
    yield FileContext(
        "frame/operations.py.j2",
        f"{root}/operations.py",
        plain | {"operations": list(_operations(plan, specification))},
    )
    yield _stores(specification)
    yield _ports(specification)
    yield _events(specification)
    for capability in dict.fromkeys(port.capability for port in specification.ports):
        yield from _capability(specification, capability)
    for entity in specification.entities:
        yield from entity_files(specification, entity)
    operations = specification.operations
    if any(node.kind == "ORCHESTRATOR" for node in plan.nodes):
        yield FileContext("frame/workflow.py.j2", f"{root}/workflow.py", plain)
    if any(type(each).__name__ in {"Import", "Export"} for each in operations):
        yield FileContext("frame/rows_of_files.py.j2", f"{root}/rows_of_files.py", plain)
    yield from _tables(plan, specification)


def _caller_attributes(specification: Specification) -> list[str]:
    asked = {
        name
        for each in expressions_in((specification.operations, specification.machines))
        for name in each.attributes("caller")
    }
    return sorted(asked | {"id", "role"})


def _operations(plan: Plan, specification: Specification) -> Iterator[Context]:
    for node in plan.nodes:
        base = f"{specification.package}.nodes.{node.slug}"
        for each in node.operations:
            yield {
                "name": each.name,
                "handler_module": f"{base}.handlers.handler_{node.stem}",
                "handler": f"Handler{node.pascal}",
                "input_module": f"{base}.models.model_{node.stem}_input",
                "input": f"Model{node.pascal}Input",
                "roles": names_tuple(each.element.roles.roles) if each.element.roles else "",
                "named": speaks_of_caller(specification, each.element),
            }


def _stores(specification: Specification) -> FileContext:
    entities = [_stored(specification, each) for each in specification.entities if each.stored]
    names = {each["model"] for each in entities}
    own = own_names(specification)
    modules: dict[str, set[str]] = {
        "collections.abc": {"Callable"},
        "contextlib": {"AbstractAsyncContextManager"},
        "dataclasses": {"dataclass"},
        f"{specification.package}.stores.journal": {"Journal"},
        f"{specification.package}.stores.ledgers": {"Answers", "Calls"},
    }
    if entities:
        modules[own["Store"]] = {"Store"}
        modules[own["MemoryStore"]] = {"MemoryStore"}
    if any(each["unique"] for each in entities):
        modules[own["Unique"]] = {"Unique"}
    for name in names:
        modules.setdefault(own[name], set()).add(name)
    code = "\n".join(
        [f"x: {text_}" for text_ in {each["key_annotation"] for each in entities}]
        + [unique["when"] for each in entities for unique in each["unique"] if unique["when"]]
        + [f"({unique['comma_values']})" for each in entities for unique in each["unique"]]
    )
    imports = imports_for(
        code + "\n" + "\n".join(f"{name}" for names_ in modules.values() for name in names_),
        own,
        specification.package,
    )
    return FileContext(
        "frame/stores.py.j2",
        f"src/{specification.package}/stores/stores.py",
        {"package": specification.package, "entities": entities, "imports": imports},
    )


def _stored(specification: Specification, entity: Entity) -> dict[str, Any]:
    kind = resolved(key_field(entity).type.required, specification)
    return {
        "variable": variable(entity.name),
        "model": model_class(entity.name),
        "key": entity.key,
        "key_attribute": safe(entity.key),
        "key_annotation": annotation(kind, specification),
        "unique": [
            _unique(specification, entity, each) for each in entity.unique if is_indexed(entity)
        ],
    }


def _unique(specification: Specification, entity: Entity, unique: Unique) -> Context:
    name = variable(entity.name)
    scope = Scope(specification, record=Record(name, entity), surroundings="surroundings")
    values = ", ".join(f"{name}.{safe(each)}" for each in unique.fields)
    optional = [
        f"{name}.{safe(each)} is not None"
        for each in unique.fields
        if (found := entity.field(each)) and found.type.optional
    ]
    when = condition(unique.when, scope) if unique.when else ""
    if when and optional:
        when = f"({when})"
    return {
        "error": unique.error or f"{unique.fields[-1]}_taken",
        "comma_values": values + ("," if len(unique.fields) == 1 else ""),
        "when": " and ".join([*optional, *([when] if when else [])]),
    }


def _ports(specification: Specification) -> FileContext:
    ports = [
        {
            "name": safe(each.name),
            "system": each.system,
            "port": port_class(each.capability),
            "fake": fake_class(each.capability),
        }
        for each in specification.ports
    ]
    own = own_names(specification)
    modules: dict[str, set[str]] = {"dataclasses": {"dataclass"}}
    if ports:
        modules["dataclasses"].add("field")
    for each in ports:
        for name in (each["port"], each["fake"]):
            modules.setdefault(own[name], set()).add(name)
    return FileContext(
        "frame/ports.py.j2",
        f"src/{specification.package}/ports/ports.py",
        {"ports": ports, "imports": import_block([], modules, specification.package)},
    )


def _capability(specification: Specification, name: str) -> Iterator[FileContext]:
    capability = CAPABILITIES[name]
    model = message_class(name)
    root = f"src/{specification.package}/ports"
    about = f"What a port is told to {capability.purpose}."
    fields = [(each, kind.maybe) for each, kind in capability.message.items()]
    parts = typed_fields(fields, specification)
    yield record_file(
        specification, model, about, about, parts, f"{root}/model_{name}_port_message.py"
    )
    yield FileContext(
        "frame/capability.py.j2",
        f"{root}/{name}.py",
        {
            "purpose": capability.purpose,
            "verb": capability.verb,
            "model": model,
            "port": port_class(name),
            "fake": fake_class(name),
            "imports": imports_for(
                f"Protocol, MemoryPort, {model}", own_names(specification), specification.package
            ),
        },
    )


def _events(specification: Specification) -> FileContext:
    events = []
    code = ["BaseModel"]
    for event in specification.events:
        lines: list[str] = []
        for each in event.fields:
            lines += field_lines(each.name, each.type, specification, default=each.type.optional)
        texts = dedented(lines)
        code += ["class X:", *(f"    {line}" for line in texts)] if texts else []
        code.append("ConfigDict")
        events.append(
            {
                "name": event.name,
                "model": event_class(event.name),
                "text": f"The event {event.name.replace('_', ' ')}.",
                "topic": event.topic or topic(specification.package, event.name),
                "fields": [{"line": line} for line in texts],
                "operations": names_tuple(
                    [each.name for each in specification.operations if each.on == event.name]
                ),
            }
        )
    own = {n: m for n, m in own_names(specification).items() if not m.endswith(".events")}
    return FileContext(
        "frame/events.py.j2",
        f"src/{specification.package}/events.py",
        {
            "events": events,
            "imports": imports_for("\n".join(code), own, specification.package),
        },
    )


def _tables(plan: Plan, specification: Specification) -> Iterator[FileContext]:
    root = f"src/{specification.package}"
    consumed = _consumed(specification)
    if consumed:
        context = {"package": specification.package, "operations": consumed}
        yield FileContext("frame/consumers.py.j2", f"{root}/consumers.py", context)
    if plan.schedules:
        yield FileContext(
            "frame/schedules.py.j2",
            f"{root}/schedules.py",
            {
                "package": specification.package,
                "schedules": [
                    {
                        "operation": each.operation,
                        "seconds": f"{each.schedule.every.total_seconds():g}",
                        "at": each.schedule.at,
                    }
                    for each in plan.schedules
                ],
            },
        )
    if plan.routes:
        yield FileContext(
            "frame/routes.py.j2",
            f"{root}/routes.py",
            {
                "package": specification.package,
                "routes": [
                    {
                        "operation": each.operation,
                        "method": each.route.method,
                        "path": each.route.path,
                        "status": each.route.status,
                        "statuses": each.route.statuses,
                    }
                    for each in plan.routes
                ],
            },
        )
    if plan.commands:
        yield FileContext(
            "frame/commands.py.j2",
            f"{root}/commands.py",
            {
                "package": specification.package,
                "commands": [
                    {"operation": each.operation, "command": each.command} for each in plan.commands
                ],
            },
        )


def _consumed(specification: Specification) -> list[Context]:
    """Operations that events start, with their inputs."""
    return [
        {
            "name": each.name,
            "inputs": names_tuple([given.name for given in asked_inputs(specification, each)]),
        }
        for each in specification.operations
        if each.on
    ]
