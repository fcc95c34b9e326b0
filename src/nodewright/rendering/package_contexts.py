"""What the templates of the package's own modules are told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nodewright.language.naming import pascal
from nodewright.planning.inputs import key_field
from nodewright.planning.plan import Plan
from nodewright.rendering.effects import event_class, message_class
from nodewright.rendering.expressions import condition
from nodewright.rendering.importing import imported_class, imported_fields
from nodewright.rendering.imports import import_block, imports_for
from nodewright.rendering.methods import expressions_in
from nodewright.rendering.models import config_for, dedented, field_lines, typed_fields
from nodewright.rendering.names import (
    annotation,
    model_class,
    resolved,
    safe,
    variable,
)
from nodewright.rendering.rules import fields_lines, is_checked, is_indexed, whole_lines
from nodewright.rendering.scopes import Record, Scope
from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.model import Entity, Import, Specification, Unique, Workflow

Context = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileContext:
    """A file to render: the template, its place, what the template is told."""

    template: str
    path: str
    context: Context
    user_owned: bool = False


# Helpers that bodies use -> module of the package.
HELPERS = {
    "refusals": (
        "Refused", "require", "require_role", "found", "named", "present", "computed", "refusal"
    ),
    "formulas": (
        "rounded", "seconds_of", "span", "start_of_week", "text_of", "average", "latest", "share",
        "given_values", "sort_key", "in_order",
    ),
    "formats": ("has_format", "matches"),
    "values": ("Text", "Integer", "Number", "Moment"),
    "surroundings": ("Surroundings", "shared_surroundings"),
    "model_caller": ("ModelCaller",),
    "model_request": ("ModelRequest",),
    "model_answer": ("ModelAnswer",),
    "contracts": ("read_contract", "read_values"),
    "ports.port": ("Retry", "MemoryPort"),
    "stores.store": ("Store",),
    "stores.store_in_memory": ("MemoryStore",),
    "stores.unique": ("Unique",),
    "stores.ledgers": ("Calls", "Answers", "RateLimit"),
    "stores.journal": ("Journal",),
    "workflow": ("WorkflowRun", "StepFailed", "Undo"),
    "rows_of_files": (
        "row_of", "write_csv", "write_json", "write_jsonl", "read_csv", "read_json", "read_jsonl"
    ),
}  # fmt: skip


def own_names(specification: Specification) -> dict[str, str]:
    """Names of the package's own modules -> dotted module."""
    package = specification.package
    found = {name: f"{package}.{module}" for module, names in HELPERS.items() for name in names}
    for entity in specification.entities:
        stem = variable(entity.name)
        found[model_class(entity.name)] = f"{package}.entities.model_{_stem(entity)}"
        rules = f"{package}.entities.rules_{_stem(entity)}"
        for prefix in ("check_", "check_whole_", "keep_new_", "keep_changed_"):
            found[prefix + stem] = rules
        found[imported_class(entity.name)] = f"{package}.entities.model_{_stem(entity)}_imported"
    for port in specification.ports:
        module = f"{package}.ports.{port.capability}"
        found[port_class(port.capability)] = found[fake_class(port.capability)] = module
        message = f"{package}.ports.model_{port.capability}_message"
        found[message_class(port.capability)] = message
    for event in specification.events:
        found[event_class(event.name)] = f"{package}.events"
    return found


def port_class(capability: str) -> str:
    """The Protocol of a capability."""
    return f"{pascal(capability)}Port"


def fake_class(capability: str) -> str:
    """The fake of a capability."""
    return f"Memory{pascal(capability)}"


def _stem(entity: Entity) -> str:
    return variable(entity.name).rstrip("_")


_PLAIN = (
    "values", "refusals", "formulas", "formats", "surroundings", "contracts", "publishing",
    "model_request", "model_answer",
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
        "frame/model_caller.py.j2", f"{root}/model_caller.py", plain | {"names": attributes}
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
        yield from _entity(specification, entity)
    operations = specification.operations
    if any(isinstance(each, Workflow) for each in operations):
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
            }


# --- entities -----------------------------------------------------------------------------------


def _entity(specification: Specification, entity: Entity) -> Iterator[FileContext]:
    root = f"src/{specification.package}/entities"
    fields = [(each.name, each.type) for each in entity.fields]
    model = model_class(entity.name)
    about = f"{entity.name}: a record as the specification describes it."
    if not entity.stored:
        about = f"{entity.name}: a part of other records."
    yield _model(
        specification,
        model,
        about,
        _entity_text(specification, entity),
        typed_fields(fields, specification),
        f"{root}/model_{_stem(entity)}.py",
    )
    if entity.stored or is_checked(entity, specification):
        yield _rules(specification, entity)
    if any(
        isinstance(each, Import) and each.entity == entity.name for each in specification.operations
    ):
        yield _imported(specification, entity)


def _entity_text(specification: Specification, entity: Entity) -> str:
    notes = {note.id: note.text for note in specification.clauses}
    lines = [f"One {variable(entity.name).replace('_', ' ').strip()}."]
    lines += [f"\n{name}: {notes[name]}" for name in entity.clauses if name in notes]
    return "\n".join(lines)


def _model(  # noqa: PLR0917 - what a model consists of
    specification: Specification,
    model: str,
    about: str,
    text: str,
    parts: Context,
    path: str,
) -> FileContext:
    code = f"class X(BaseModel):\n    model_config = ConfigDict({parts['config']})\n" + "\n".join(
        f"    {line}" for line in parts["lines"]
    )
    imports = imports_for(code, own_names(specification), specification.package)
    context = {"about": about, "imports": imports, "model": model, "text": text, **parts}
    return FileContext("frame/model_record.py.j2", path, context)


def _imported(specification: Specification, entity: Entity) -> FileContext:
    machine = specification.machine(entity.name)
    fields = imported_fields(entity, machine.field if machine else "")
    lines: list[str] = []
    for each in fields:
        lines += field_lines(each.name, each.type.maybe, specification, default=True)
    lax = {"StrictBool": "bool", "Integer": "int"}
    texts = dedented(lines)
    for strict, plain in lax.items():
        texts = [line.replace(f": {strict} ", f": {plain} ") for line in texts]
    parts = {"config": config_for(each.name for each in fields), "lines": texts}
    return _model(
        specification,
        imported_class(entity.name),
        f"A row of a file that becomes a {entity.name}.",
        "A row; what is missing is None.",
        parts,
        f"src/{specification.package}/entities/model_{_stem(entity)}_imported.py",
    )


def _rules(specification: Specification, entity: Entity) -> FileContext:
    functions = list(_rule_functions(specification, entity))
    code = "\n".join(f"def {each['signature']}:\n" + "\n".join(each["lines"]) for each in functions)
    rules = f"{specification.package}.entities.rules_{_stem(entity)}"
    # Functions of this very module are not imported.
    own = {name: m for name, m in own_names(specification).items() if m != rules}
    imports = imports_for(code, own, specification.package)
    undecided = any(guard.require is None for guard in entity.guards)
    return FileContext(
        "frame/rules.py.j2",
        f"src/{specification.package}/entities/rules_{_stem(entity)}.py",
        {
            "about": f"What holds for every {variable(entity.name).replace('_', ' ').strip()}.",
            "imports": imports,
            "stored": entity.stored,
            "names": [each.name for each in entity.fields],
            "functions": functions,
        },
        user_owned=undecided,
    )


def _rule_functions(specification: Specification, entity: Entity) -> Iterator[dict[str, Any]]:
    name, model = variable(entity.name), model_class(entity.name)
    words = name.replace("_", " ").strip()
    written = ", written: Container[str] = FIELDS" if entity.stored else ""
    if is_checked(entity, specification):
        yield {
            "signature": f"check_{name}({name}: {model}, surroundings: Surroundings{written}) -> None",
            "text": f"Refuse a {words} whose written fields break a rule or point to no record."
            if entity.stored
            else f"Refuse a {words} that breaks a rule.",
            "lines": fields_lines(entity, specification),
        }
    if not entity.stored:
        return
    guards = whole_lines(entity, specification)
    if guards:
        yield {
            "signature": f"check_whole_{name}({name}: {model}, surroundings: Surroundings) -> None",
            "text": f"Refuse a {words} that breaks what holds for the whole record.",
            "lines": guards,
        }
    whole = [f"    check_whole_{name}({name}, surroundings)"] if guards else []
    store = f"surroundings.stores.{name}"
    key = safe(entity.key)
    taken = f'"{entity.key}_taken"'
    fields = [f"    check_{name}({name}, surroundings, written)"]
    if not is_checked(entity, specification):
        fields = []
    free = (
        [
            f"    require({store}.get({name}.{key}) is None, {taken})",
        ]
        if whole
        else []
    )
    yield {
        "signature": f"keep_new_{name}({name}: {model}, surroundings: Surroundings) -> None",
        "text": f"Put a new {words} into the store.",
        "lines": [*free, *whole, f"    {store}.add({name})"],
    }
    yield {
        "signature": f"keep_changed_{name}({name}: {model}, surroundings: Surroundings"
        f", written: Container[str] = FIELDS) -> None",
        "text": f"Put a changed {words} in the place of the old one.",
        "lines": [*fields, *whole, f"    {store}.replace({name})"],
    }


# --- stores, ports, events ----------------------------------------------------------------------


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
    yield _model(specification, model, about, about, parts, f"{root}/model_{name}_message.py")
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
                "operations": tuple(
                    each.name for each in specification.operations if each.on == event.name
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


def topic(package: str, name: str, kind: str = "evt") -> str:
    """A topic by ONEX's convention: ``onex.evt.ticketing.ticket-paid.v1``."""
    kebab = [part.replace("_", "-").strip("-").lower() for part in (package, name)]
    return f"onex.{kind}.{kebab[0]}.{kebab[1]}.v1"


# --- tables -------------------------------------------------------------------------------------


def _tables(plan: Plan, specification: Specification) -> Iterator[FileContext]:
    root = f"src/{specification.package}"
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


def request_class(operation: str) -> str:
    """The model of an operation's request."""
    return f"Model{pascal(operation)}Request"
