"""What the templates are told of a node: plain values, spelled out from the plan."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from nodewright.language.naming import pascal
from nodewright.planning.model import NUMERIC, NodePlan, Plan, PlannedField, PlannedStep
from nodewright.prd.models import FieldType
from nodewright.rendering.sample_values import broken_sample, sample

Context = dict[str, Any]

ANNOTATIONS: dict[FieldType, str] = {
    FieldType.STRING: "Text",
    FieldType.STRINGS: "tuple[str, ...]",
    FieldType.OBJECT: "dict[str, str]",
}
# Behaviours that hold a record against the rules of the text.
_JUDGING = {"validate", "check", "create", "update"}


def node_context(plan: Plan, node: NodePlan) -> Context:
    """The names that a template of ``node`` may use; ``plan`` tells of the other nodes."""
    fields = [_field_context(field, node.rules) for field in node.fields]
    context: Context = {
        "package": plan.package,
        "module": f"{plan.package}.nodes.{node.slug}",
        "slug": node.slug,
        "name": node.name,
        "pascal": pascal(node.name),
        "cls": node.class_name,
        "description": node.description,
        "entity_words": node.entity,
        "fields": fields,
        "item_imports": _imports(node.fields),
        "operations": [_operation_context(node, operation) for operation in node.operations],
        "traces": node.traces,
        "mixins": [
            {"module": path.rpartition(".")[0], "name": path.rpartition(".")[2]}
            for path in node.mixins
        ],
        "uses": dict.fromkeys(("deliver", "validate", "transform", "parse"), False),
    }
    actions = {operation.action for operation in node.operations}
    context["uses"] |= dict.fromkeys(actions, True)
    context["uses"]["refusal"] = bool(actions - {"list"})
    context["uses"]["calculate"] = "calculate" in actions
    context["uses"]["rules"] = bool(node.rules) and not actions.isdisjoint(_JUDGING)
    extra = {
        "EFFECT": _effect_context,
        "COMPUTE": _compute_context,
        "REDUCER": _reducer_context,
        "ORCHESTRATOR": _orchestrator_context,
    }[node.kind]
    return context | extra(plan, node)


def _field_context(field: PlannedField, rules: Sequence[dict[str, Any]]) -> Context:
    own = [rule for rule in rules if rule["field"] == field.name]
    return {
        "name": field.name,
        "words": field.name.replace("_", " ").strip().capitalize(),
        "annotation": ANNOTATIONS.get(field.type, field.type.value),
        "required": field.required,
        "sample": sample(field, own),
        "other_sample": sample(field, own, other=True),
    }


def _imports(fields: Sequence[PlannedField]) -> Context:
    kinds = {field.type for field in fields}
    dates = [kind.value for kind in (FieldType.DATE, FieldType.DATETIME) if kind in kinds]
    return {
        "datetime": dates,
        "decimal": FieldType.DECIMAL in kinds,
        "text": FieldType.STRING in kinds,
        "uuid": FieldType.UUID in kinds,
    }


def _operation_context(node: NodePlan, operation: Any) -> Context:
    return {
        "name": operation.name,
        "action": operation.action,
        "description": operation.description,
        "traces": operation.traces,
        "group_by": operation.parameters.get("group_by", ""),
        "expression": operation.parameters.get("expression", "0.0"),
        "steps": operation.parameters.get("steps", [step.name for step in node.steps]),
    }


def _effect_context(plan: Plan, node: NodePlan) -> Context:
    systems = ", ".join(node.systems)
    outside = f"Hands records over to {systems}." if systems else "Hands records over."
    delivers = any(operation.action == "deliver" for operation in node.operations)
    texts = [field.name for field in node.fields if field.type is FieldType.STRING]
    return {
        "blank_field": texts[0] if texts else "",
        "effect_type": "API_CALL" if delivers and plan.systems else "DATABASE_OPERATION",
        "gateway_doc": f"{outside} Implement it for the system of your choice.",
    } | _rules_context(node)


def _compute_context(_plan: Plan, node: NodePlan) -> Context:
    types = {field.name: field.type for field in node.fields}
    weighed = [name for name, kind in types.items() if kind in NUMERIC] or list(types)
    share = round(1 / len(weighed), 4)
    weights = [{"name": name, "weight": share} for name in weighed[1:]]
    # The contract asks that weights add up to one; rounding goes to the first.
    first = round(1 - share * len(weights), 4)
    return {"weights": [{"name": weighed[0], "weight": first}, *weights]} | _rules_context(node)


def _rules_context(node: NodePlan) -> Context:
    by_name = {field.name: field for field in node.fields}
    rules = [
        rule
        | {
            "text_field": by_name[rule["field"]].type is FieldType.STRING,
            "allowed": tuple(str(value) for value in rule.get("allowed", ())),
        }
        for rule in node.rules
    ]
    return {
        "rules": rules,
        "broken_items": [
            {"field": rule["field"], "value": broken_sample(by_name[rule["field"]], rule)}
            for rule in rules
        ],
    }


def _reducer_context(_plan: Plan, node: NodePlan) -> Context:
    sources = {transition.source for transition in node.transitions}
    aggregates = [op.name for op in node.operations if op.action == "aggregate"]
    lively = [state for state in node.states if state in sources or state == node.states[0]]
    moves = [(move.source, move.target, move.trigger) for move in node.transitions]
    moves += [(state, state, trigger) for trigger in aggregates for state in lively]
    paths = [_path(node, operation.name, moves) for operation in node.operations]
    reached = [path for path in paths if path is not None]
    reached.sort(key=lambda path: len(path["triggers"]))
    return {
        "states": [
            {
                "name": state,
                "words": state.replace("_", " ").capitalize(),
                "terminal": state not in lively,
            }
            for state in node.states
        ],
        "transitions": [
            {
                "name": f"{trigger}_from_{source}",
                "source": source,
                "target": target,
                "trigger": trigger,
            }
            for source, target, trigger in moves
        ],
        "measures": [field.name for field in node.fields if field.type in NUMERIC],
        "paths": reached,
        "refusal": next((path["operation"] for path in reached if path["triggers"]), ""),
    }


def _path(node: NodePlan, operation: str, moves: Sequence[tuple[str, str, str]]) -> Context | None:
    """The triggers that lead from the initial state to one where ``operation`` is allowed."""
    grouped = {op.name for op in node.operations if op.parameters.get("group_by")}
    queue: deque[tuple[str, list[str]]] = deque([(node.states[0], [])])
    seen = {node.states[0]}
    while queue:
        state, triggers = queue.popleft()
        # The first transition wins, as in the state machine itself.
        allowed = {
            trigger: target for source, target, trigger in reversed(moves) if source == state
        }
        if operation in allowed:
            target = allowed[operation]
            again = any(move[0] == target and move[2] == operation for move in moves)
            return {
                "operation": operation,
                "triggers": triggers,
                "target": target,
                "grouped": operation in grouped,
                "repeatable": again,
            }
        for trigger, target in allowed.items():
            if target not in seen:
                seen.add(target)
                queue.append((target, [*triggers, trigger]))
    return None


def _orchestrator_context(plan: Plan, node: NodePlan) -> Context:
    by_slug = {other.slug: other for other in plan.nodes}
    entities: dict[str, Context] = {}
    for step in node.steps:
        other = by_slug[step.node]
        entities.setdefault(other.entity, _entity_context(plan, other))
    used = {step.node: by_slug[step.node] for step in node.steps}
    fields = [field for other in used.values() for field in other.fields]
    return {
        "steps": [_step_context(node, step, by_slug[step.node]) for step in node.steps],
        "entities": sorted(entities.values(), key=lambda entity: str(entity["module"])),
        "item_imports": _imports(fields),
        "imports": _handler_imports(plan, node, list(used.values())),
        "test_imports": _test_imports(plan, node, list(entities.values())),
        "effect_nodes": [_alias(other) for other in used.values() if other.kind == "EFFECT"],
        "reducer_nodes": [_alias(other) for other in used.values() if other.kind == "REDUCER"],
    }


def _entity_context(plan: Plan, node: NodePlan) -> Context:
    rules = [rule for other in plan.nodes if other.entity == node.entity for rule in other.rules]
    return {
        "field": f"{node.name}_item",
        "name": node.name,
        "pascal": pascal(node.name),
        "module": f"{plan.package}.nodes.{node.slug}",
        "words": node.entity,
        "fields": [_field_context(field, rules) for field in node.fields],
    }


def _alias(node: NodePlan) -> Context:
    alias = node.slug.removeprefix("node_")
    return {"alias": alias, "prefix": pascal(alias)}


def _step_id(node: NodePlan, name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{node.slug}/{name}"))


def _step_context(node: NodePlan, step: PlannedStep, other: NodePlan) -> Context:
    return _alias(other) | {
        "id": _step_id(node, step.name),
        "name": step.name,
        "kind": other.kind,
        "cls": other.class_name,
        "slug": other.slug,
        "operation": step.operation,
        "field": f"{other.name}_item",
        "depends_on_ids": [_step_id(node, name) for name in step.depends_on],
    }


def _handler_imports(plan: Plan, node: NodePlan, others: Sequence[NodePlan]) -> list[str]:
    """Import lines in the order that ruff's isort keeps."""
    root = f"{plan.package}.nodes"
    lines: list[tuple[str, str]] = []
    for other in others:
        module, name = f"{root}.{other.slug}", other.name
        alias, prefix = _alias(other).values()
        classes = [("models", "input", "Input"), ("models", "item", "Item")]
        if other.kind == "REDUCER":
            classes.append(("models", "state", "State"))
        for folder, suffix, kind in classes:
            path = f"{module}.{folder}.model_{name}_{suffix}"
            lines.append((path, f"Model{pascal(name)}{kind} as {prefix}{kind}"))
        if other.kind == "EFFECT":
            path = f"{module}.handlers.handler_{name}"
            lines.append((path, f"Handler{pascal(name)} as {prefix}Handler"))
        lines.append((f"{module}.node", f"run_once as {alias}_run"))
    own = f"{root}.{node.slug}.models.model_{node.name}"
    lines += [
        (f"{own}_{kind.lower()}", f"Model{pascal(node.name)}{kind}")
        for kind in ("Input", "Output", "Step")
    ]
    return _import_lines(lines)


def _test_imports(plan: Plan, node: NodePlan, entities: Sequence[Context]) -> list[str]:
    module = f"{plan.package}.nodes.{node.slug}"
    own = pascal(node.name)
    lines = [
        (f"{module}.handlers.handler_{node.name}", f"WORKFLOWS, Handler{own}"),
        (f"{module}.models.model_{node.name}_input", f"Model{own}Input"),
        (f"{module}.node", "run_once"),
    ]
    for entity in entities:
        path = f"{entity['module']}.models.model_{entity['name']}_item"
        lines.append((path, f"Model{entity['pascal']}Item"))
    return _import_lines(lines)


def _import_lines(lines: Iterable[tuple[str, str]]) -> list[str]:
    return [f"from {path} import {names}" for path, names in sorted(set(lines))]
