"""The models of a node."""

from collections.abc import Iterator

from nodewright.planning.inputs import asked_inputs, entity_of
from nodewright.planning.plan import NodePlan, OperationPlan
from nodewright.rendering.aggregates import row_types
from nodewright.rendering.effects import warns
from nodewright.rendering.file_context import Context, FileContext
from nodewright.rendering.known_names import NodeNames, request_class
from nodewright.rendering.layout import wrapped
from nodewright.rendering.models import (
    FROZEN,
    class_text,
    config_for,
    input_lines,
    typed_fields,
)
from nodewright.rendering.names import model_class, variable
from nodewright.rendering.questions import results_class, row_class
from nodewright.rendering.scopes import Code, Record, Scope
from nodewright.rendering.workflows import step_class, step_reads
from nodewright.spec.model import (
    Aggregate,
    Compute,
    Export,
    Import,
    Listing,
    Notify,
    Operation,
    Read,
    Selected,
    Specification,
    Workflow,
)
from nodewright.spec.types import Type
from nodewright.templates.quoting import pystr


def model_files(
    specification: Specification, node: NodePlan, names: NodeNames, folder: str
) -> Iterator[FileContext]:
    """The models of a node: requests, what they answer, the union of each."""
    for planned in node.operations:
        yield _request(specification, planned, names, folder)
        for model, text, fields in _parts(specification, planned.element):
            yield _part(specification, model, text, fields, names, folder)
    yield _input(node, names, folder)
    yield _output(node, names, folder)


def _request(
    specification: Specification, planned: OperationPlan, names: NodeNames, folder: str
) -> FileContext:
    inputs = asked_inputs(specification, planned.element)
    model = request_class(planned.name)
    operation = pystr(planned.name)
    lines = [
        *wrapped(f"operation: Literal[{operation}] = {operation}"),
        *input_lines(inputs, specification),
    ]
    return _model(
        names,
        f"{folder}/model_{planned.name}_request.py",
        model,
        f"Asks to {planned.name.replace('_', ' ').strip()}.",
        f"A request: {planned.description[:1].lower()}{planned.description[1:]}",
        {"lines": lines, "config": config_for(each.name for each in inputs)},
        base="ModelOperationRequest",
    )


def _parts(
    specification: Specification, element: Operation
) -> Iterator[tuple[str, str, list[tuple[str, Type]]]]:
    """Models of what an operation answers beside records: name, what it is, fields."""
    words = element.name.replace("_", " ").strip()
    match element:
        case Aggregate():
            entity = entity_of(specification, element.entity)
            record = Record(variable(entity.name), entity)
            request = {
                each.name: Code(f"request.{each.name}", each.type)
                for each in asked_inputs(specification, element)
            }
            scope = Scope(specification, record=record, request=request)
            types = row_types(element, scope)
            yield row_class(element.name), f"A row of what {words} answers.", types
        case Listing() if element.fields:
            entity = entity_of(specification, element.entity)
            types = [
                (each.name, each.type) for each in entity.fields if each.name in element.fields
            ]
            yield row_class(element.name), f"A record as {words} answers it.", types
        case Compute() if element.results:
            types = [(each.name, each.type) for each in element.results]
            yield results_class(element.name), f"What {words} computes.", types
        case Workflow():
            for step, reads in step_reads(specification, element).items():
                if reads:
                    text = f"What {words} reads of the step {step.replace('_', ' ')}."
                    yield step_class(element.name, step), text, reads
        case _:
            return


def _part(  # noqa: PLR0917 - what a model consists of
    specification: Specification,
    model: str,
    text: str,
    fields: list[tuple[str, Type]],
    names: NodeNames,
    folder: str,
) -> FileContext:
    stem = names.known[model].rpartition(".")[2]
    parts = typed_fields(fields, specification)
    if model.endswith("Answer"):
        parts["config"] = parts["config"].replace('"forbid"', '"ignore"')
    return _model(names, f"{folder}/{stem}.py", model, text, text, parts)


def _model(  # noqa: PLR0917 - what a model consists of
    names: NodeNames,
    path: str,
    model: str,
    about: str,
    text: str,
    parts: Context,
    base: str = "BaseModel",
) -> FileContext:
    body = "\n".join(f"    {line}" for line in parts["lines"])
    code = f"class X({base}):\n    model_config = ConfigDict({parts['config']})\n{body}"
    context = {
        "about": about,
        "text": class_text(text),
        "model": model,
        "base": base,
        "imports": names.imports(code),
        **parts,
    }
    return FileContext("node/model.py.j2", path, context)


def _input(node: NodePlan, names: NodeNames, folder: str) -> FileContext:
    models = [request_class(each.name) for each in node.operations]
    code = ["RootModel, ConfigDict, UUID", *models]
    if len(models) > 1:
        code.append("Annotated, Field")
    return FileContext(
        "node/model_input.py.j2",
        f"{folder}/model_{node.stem}_input.py",
        {
            "cls": node.class_name,
            "models": models,
            "model": names.input,
            "alias": f"{node.pascal}Request",
            "imports": names.imports("\n".join(code)),
        },
    )


def _output(node: NodePlan, names: NodeNames, folder: str) -> FileContext:
    lines: list[str] = []
    fields: dict[str, list[str]] = {}
    for planned in node.operations:
        for name, model in _answers(planned.element):
            known = fields.setdefault(name, [])
            if model not in known:
                known.append(model)
    for name, models in fields.items():
        lines += wrapped(f"{name}: {_answer_annotation(name, models)}")
    text = f"What {node.class_name} answers; a refusal has the status failed and an error code."
    return _model(
        names,
        f"{folder}/model_{node.stem}_output.py",
        names.output,
        f"What {node.class_name} answers.",
        text,
        {"lines": lines, "config": FROZEN},
        base="ModelOperationAnswer",
    )


def _answer_annotation(name: str, models: list[str]) -> str:
    union = " | ".join(models)
    match name:
        case "items" | "rows":
            return f"tuple[{union}, ...] | None = None"
        case "completed":
            return "tuple[Text, ...] | None = None"
        case "warnings":
            return "tuple[Text, ...] = ()"
        case "failed_step":
            return 'Text = ""'
        case _:
            return f"{union} | None = None"


def _answers(  # noqa: C901 - one case a construct
    element: Operation,
) -> Iterator[tuple[str, str]]:
    """Fields of the answer beside its status, each with its type."""
    match element:
        case Notify() | Import():
            yield "count", "Integer"
        case Read(where=where) if where is not None:
            yield "items", model_class(element.entity)
        case Selected(where=where) if where is not None:
            yield "count", "Integer"
        case Listing():
            row = row_class(element.name) if element.fields else model_class(element.entity)
            yield "items", row
        case Aggregate():
            yield "rows", row_class(element.name)
        case Compute():
            if element.results:
                yield "results", results_class(element.name)
        case Export():
            yield "content", "Text"
        case Workflow():
            yield from (("completed", ""), ("failed_step", ""), ("warnings", ""))
        case Operation() if hasattr(element, "entity"):
            yield "item", model_class(element.entity)
    if warns(element.effects):
        yield "warnings", ""
