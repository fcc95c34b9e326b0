"""The modules of an entity."""

from collections.abc import Iterator
from typing import Any

from nodewright.rendering.file_context import Context, FileContext
from nodewright.rendering.importing import imported_class, imported_fields
from nodewright.rendering.imports import imports_for
from nodewright.rendering.known_names import own_names, stem_of
from nodewright.rendering.models import class_text, config_for, dedented, field_lines, typed_fields
from nodewright.rendering.names import model_class, safe, variable
from nodewright.rendering.rules import fields_lines, is_checked, whole_lines
from nodewright.spec.model import (
    Entity,
    Import,
    Specification,
)


def entity_files(specification: Specification, entity: Entity) -> Iterator[FileContext]:
    """The modules of one entity: its model, its rules, the row of a file."""
    root = f"src/{specification.package}/entities"
    fields = [(each.name, each.type) for each in entity.fields]
    model = model_class(entity.name)
    about = f"{entity.name}: a record as the specification describes it."
    if not entity.stored:
        about = f"{entity.name}: a part of other records."
    yield record_file(
        specification,
        model,
        about,
        _entity_text(specification, entity),
        typed_fields(fields, specification),
        f"{root}/model_{stem_of(entity)}.py",
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


def record_file(  # noqa: PLR0917 - what a model consists of
    specification: Specification,
    model: str,
    about: str,
    text: str,
    parts: Context,
    path: str,
) -> FileContext:
    """A module with one model."""
    body = "\n".join(f"    {line}" for line in parts["lines"])
    code = f"class X(BaseModel):\n    model_config = ConfigDict({parts['config']})\n{body}"
    imports = imports_for(code, own_names(specification), specification.package)
    context = {
        "about": about,
        "imports": imports,
        "model": model,
        "text": class_text(text),
        **parts,
    }
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
    return record_file(
        specification,
        imported_class(entity.name),
        f"A row of a file that becomes a {entity.name}.",
        "A row; what is missing is None.",
        parts,
        f"src/{specification.package}/entities/model_{stem_of(entity)}_imported.py",
    )


def _rules(specification: Specification, entity: Entity) -> FileContext:
    functions = list(_rule_functions(specification, entity))
    code = "\n".join(f"def {each['signature']}:\n" + "\n".join(each["lines"]) for each in functions)
    rules = f"{specification.package}.entities.rules_{stem_of(entity)}"
    # Functions of this very module are not imported.
    own = {name: m for name, m in own_names(specification).items() if m != rules}
    imports = imports_for(code, own, specification.package)
    undecided = any(guard.require is None for guard in entity.guards)
    return FileContext(
        "frame/rules.py.j2",
        f"src/{specification.package}/entities/rules_{stem_of(entity)}.py",
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
            "signature": f"check_{name}("
            f"{name}: {model}, surroundings: Surroundings{written}) -> None",
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
