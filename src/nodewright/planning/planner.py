"""From the analysis to the plan: requirements are grouped into nodes.

A node is a domain (a thing of the text) under one of the four kinds. Each requirement of this
release becomes an operation of one node and is remembered there with its line; two requirements
that ask for the same operation share it. What no node covers is listed in the plan.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nodewright.errors import NodewrightError
from nodewright.language.naming import RESERVED, pascal, shorten, snake, unique, words
from nodewright.language.verbs import NO_VERB, operation_of
from nodewright.planning.actions import (
    LIFE_OF_A_RECORD,
    MANAGING,
    REFUSABLE,
    REFUSING,
    action_for,
)
from nodewright.planning.demands import Statement, by_best_kind, statements_of
from nodewright.planning.domains import Assignment, Domain, domains_of, stems
from nodewright.planning.field_rules import rules_of
from nodewright.planning.lifecycle import Lifecycle, lifecycle_of
from nodewright.planning.model import NodePlan, Plan, PlannedOperation, Trace
from nodewright.planning.steps import with_steps
from nodewright.prd.models import NODE_KINDS, Requirement, Scope, SimplePRDAnalysisResult

# A node with more operations than this is no longer read; further requirements join what is there.
MOST_OPERATIONS = 24
# onex refuses classes with more methods; a compute handler has one for each operation.
_MOST_COMPUTATIONS = 8
# A kind is generated when the analysis gives it at least this.
KIND_THRESHOLD = 0.5

_MOST_WORDS = 4
_PRONOUNS = {"", "it", "them", "this", "that", "these", "those"}
_GROUPED = re.compile(
    r"\b(?:per|by|for each|for every|each|every)((?:\s+[\w-]+){1,3})", re.IGNORECASE
)

_TITLE_NOISE = {
    "product", "requirements", "requirement", "document", "documents", "prd", "specification",
    "spec", "the", "for", "of", "and", "a", "an", "feature", "functional",
}  # fmt: skip


class NothingToGenerateError(NodewrightError):
    """The PRD asks for nothing that a node could do."""


@dataclass(slots=True)
class _Draft:
    """A node in the making."""

    domain: Domain
    kind: str
    requirements: dict[str, Requirement] = field(default_factory=dict)
    _operations: dict[str, PlannedOperation] = field(default_factory=dict)
    _traces: dict[str, dict[Trace, None]] = field(default_factory=dict)
    _sources: dict[str, set[str]] = field(default_factory=dict)

    @property
    def operations(self) -> list[PlannedOperation]:
        """The operations with their traces, each once, in order."""
        return [
            replace(operation, traces=tuple(self._traces[name]))
            for name, operation in self._operations.items()
        ]

    def add(self, verb: str, subject: str, action: str, statement: Statement) -> None:
        """Add an operation, or the statement to the operation that is there."""
        name = _operation_name(verb, subject, action)
        most = _MOST_COMPUTATIONS if self.kind == "COMPUTE" else MOST_OPERATIONS
        if name not in self._operations and len(self._operations) >= most:
            same = [op.name for op in self._operations.values() if op.action == action]
            name = (same or list(self._operations))[0]
        if name not in self._operations:
            text = shorten(statement.text) or name.replace("_", " ")
            self._operations[name] = PlannedOperation(name, action, text, ())
        self._say(name, statement)

    def refuse(self, statement: Statement) -> bool:
        """Add when to refuse to the operation before it in the requirement, if there is one."""
        beside = [
            name
            for name, operation in self._operations.items()
            if operation.action in REFUSABLE and statement.requirement.id in self._sources[name]
        ]
        if beside:
            self._say(beside[-1], statement)
        return bool(beside)

    def _say(self, name: str, statement: Statement) -> None:
        self._traces.setdefault(name, {})[statement.trace] = None
        self._sources.setdefault(name, set()).add(statement.requirement.id)
        self.requirements[statement.requirement.id] = statement.requirement


def _operation_name(verb: str, subject: str, action: str) -> str:
    """``verb_subject`` in a few words; a subject without a verb of its own stands alone."""
    few = " ".join(words(subject)[:_MOST_WORDS])
    name = snake(few if verb == NO_VERB and few else f"{verb} {few}", action)
    return f"{name}_records" if name in RESERVED else name


def plan_nodes(analysis: SimplePRDAnalysisResult, package: str | None = None) -> Plan:
    """Group the requirements of ``analysis`` into nodes.

    Args:
        analysis: what was understood of the PRD.
        package: import name of the generated package; made from the title by default.

    Raises:
        NothingToGenerateError: no requirement asks for anything that a node could do.
    """
    parsed = analysis.parsed_prd
    wanted = _of_this_release(analysis)
    name = shorten(parsed.product or parsed.title, 120)
    domains = domains_of(analysis, fallback=name or "Service")
    title = name or f"{domains[0].entity} service"
    drafts = _drafts(analysis, _functional(wanted), domains)
    nodes = _nodes(analysis, drafts)
    covered = {trace.requirement for node in nodes for trace in node.traces}
    return Plan(
        package=package or (package_name(name, domains[0].name) if name else snake(title)),
        title=title,
        description=shorten(parsed.description, 300) or title,
        nodes=nodes,
        uncovered=tuple(_trace(r) for r in wanted if r.id not in covered),
        systems=tuple(analysis.external_systems),
        patterns=tuple(pattern.name for pattern in analysis.patterns),
    )


def plan_service(
    analysis: SimplePRDAnalysisResult, name: str, domain: str, kinds: Sequence[str]
) -> tuple[NodePlan, ...]:
    """Nodes of the given kinds for one service, whatever the document as a whole needs.

    What the service does comes from the statements that name it or its domain, from all of them
    where none does. An orchestrator without other nodes gets an EFFECT node to run.

    Args:
        analysis: what was understood of the PRD.
        name: the service's name, such as ``UserService``.
        domain: what the service is about, such as ``authentication``.
        kinds: node kinds, each once.

    Raises:
        NothingToGenerateError: the PRD states no requirement for this release.
        ValueError: a kind is none of the four.
    """
    unknown = sorted(set(kinds) - set(NODE_KINDS))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(NODE_KINDS)}")
    about = stems(f"{name} {domain}")
    near = max(domains_of(analysis, fallback=name), key=lambda known: len(known.stems & about))
    service = Domain(
        snake(name, "service"),
        shorten(name, 60) or "service",
        near.fields,
        near.stems,
        near.described,
    )
    needed = [*kinds, "EFFECT"] if set(kinds) == {"ORCHESTRATOR"} else list(kinds)
    statements = statements_of(analysis, _functional(_of_this_release(analysis)), needed)
    own = [statement for statement in statements if stems(statement.text) & about]
    drafts: dict[tuple[str, str], _Draft] = {}
    for kind, chosen in by_best_kind(own or statements, needed).items():
        for statement in chosen:
            _add(drafts, Assignment([service]), statement, kind)
    return _nodes(analysis, drafts)


def _of_this_release(analysis: SimplePRDAnalysisResult) -> list[Requirement]:
    wanted = [r for r in analysis.parsed_prd.requirements if r.scope is Scope.RELEASE]
    if not wanted:
        raise NothingToGenerateError(
            "the PRD states no requirement for this release: write what the product must do, "
            "for example '- The system must store orders'"
        )
    return wanted


def _functional(wanted: list[Requirement]) -> list[Requirement]:
    """The functional ones; all where the text has only qualities."""
    return [requirement for requirement in wanted if requirement.functional] or wanted


def package_name(title: str, fallback: str = "service") -> str:
    """An import name from the words of ``title`` that say what the product is."""
    meaningful = [word.lower() for word in words(title) if word.lower() not in _TITLE_NOISE]
    return snake(" ".join(meaningful[:4]) or fallback, "service")


def _trace(requirement: Requirement) -> Trace:
    return Trace(
        requirement.id, requirement.section, requirement.line, shorten(requirement.text, 300)
    )


def _drafts(
    analysis: SimplePRDAnalysisResult, functional: Sequence[Requirement], domains: list[Domain]
) -> dict[tuple[str, str], _Draft]:
    """Requirements as operations, by domain name and kind."""
    kinds = [k for k in NODE_KINDS if analysis.node_type_hints.get(k, 0.0) >= KIND_THRESHOLD]
    kinds = kinds or [analysis.primary_node_type]
    assignment = Assignment(domains)
    by_kind = by_best_kind(statements_of(analysis, functional, kinds), kinds)
    drafts: dict[tuple[str, str], _Draft] = {}
    for kind, statements in by_kind.items():
        if kind != "ORCHESTRATOR":
            for statement in statements:
                _add(drafts, assignment, statement, kind)
    workflows = by_kind.get("ORCHESTRATOR", [])
    if not drafts:
        # A workflow needs something to run: what it speaks of becomes effects.
        for statement in workflows:
            _add(drafts, assignment, statement, "EFFECT")
    for statement in workflows:
        operation = operation_of(statement.text)
        domain = assignment.domain_of(statement.requirement, operation.object)
        draft = drafts.setdefault(("", "ORCHESTRATOR"), _Draft(domain, "ORCHESTRATOR"))
        draft.add(operation.verb, operation.object or domain.name, "run", statement)
    return drafts


def _add(
    drafts: dict[tuple[str, str], _Draft], assignment: Assignment, statement: Statement, kind: str
) -> None:
    operation = operation_of(statement.text)
    domain = assignment.domain_of(statement.requirement, operation.object)
    draft = drafts.setdefault((domain.name, kind), _Draft(domain, kind))
    subject = domain.name if operation.object.lower() in _PRONOUNS else operation.object
    if kind == "EFFECT" and operation.verb in REFUSING and draft.refuse(statement):
        return
    if kind == "EFFECT" and operation.verb in MANAGING:
        for action in LIFE_OF_A_RECORD:
            draft.add(action, subject, action, statement)
        return
    draft.add(operation.verb, subject, action_for(kind, operation.verb), statement)


def _nodes(
    analysis: SimplePRDAnalysisResult, drafts: dict[tuple[str, str], _Draft]
) -> tuple[NodePlan, ...]:
    ordered = sorted(
        drafts.values(), key=lambda draft: (NODE_KINDS.index(draft.kind), draft.domain.name)
    )
    stated: dict[str, list[Requirement]] = defaultdict(list)
    for draft in ordered:
        stated[draft.domain.name] += draft.requirements.values()
    nodes: list[NodePlan] = []
    for draft in ordered:
        node = _node(analysis, draft, stated[draft.domain.name])
        nodes.append(with_steps(node, nodes) if draft.kind == "ORCHESTRATOR" else node)
    return tuple(nodes)


def _node(
    analysis: SimplePRDAnalysisResult, draft: _Draft, stated: Sequence[Requirement]
) -> NodePlan:
    """The node of ``draft``; its rules stand in any requirement about its domain."""
    domain, kind = draft.domain, draft.kind
    machine = lifecycle_of(analysis, domain.stems) if kind == "REDUCER" else Lifecycle((), (), 0)
    operations = draft.operations
    if kind == "REDUCER":
        operations = _reducer_operations(draft, machine)
    verbs = ", ".join(operation.name.replace("_", " ") for operation in operations[:3])
    name = domain.name
    return NodePlan(
        slug=f"node_{name}_{kind.lower()}",
        kind=kind,
        name=name,
        class_name=f"Node{pascal(name)}{kind.capitalize()}",
        description=f"{shorten(domain.entity, 60)}: {verbs}.",
        entity=shorten(domain.entity, 60),
        fields=domain.fields,
        operations=tuple(operations),
        states=machine.states,
        transitions=machine.transitions,
        systems=tuple(analysis.external_systems) if kind == "EFFECT" else (),
        rules=_rules(stated, domain) if kind in {"COMPUTE", "EFFECT"} else (),
    )


def _rules(stated: Sequence[Requirement], domain: Domain) -> tuple[dict[str, Any], ...]:
    return tuple(rules_of(stated, domain.fields, domain.described))


def _reducer_operations(draft: _Draft, machine: Lifecycle) -> list[PlannedOperation]:
    """The aggregations that were asked for, then the triggers of the life cycle."""
    triggers = dict.fromkeys(move.trigger for move in machine.transitions)
    operations = []
    for operation in draft.operations:
        name = unique(operation.name, triggers)
        grouping = _grouping_field(draft.domain, operation.description)
        parameters = {"group_by": grouping} if grouping else {}
        operations.append(replace(operation, name=name, parameters=parameters))
    traces = operations[0].traces
    for trigger in triggers:
        words = trigger.replace("_", " ").capitalize()
        text = f"{words}: move {shorten(draft.domain.entity, 60)} along its life cycle"
        operations.append(PlannedOperation(trigger, "transition", text, traces))
    return operations


def _grouping_field(domain: Domain, text: str) -> str:
    """The field that ``text`` counts by ("per customer"), else one that tells kinds apart."""
    names = [field.name for field in domain.fields]
    for match in _GROUPED.finditer(text):
        said = stems(match[1])
        told = {name: stems(name) - {"id", "name"} for name in names}
        named = [name for name, own in told.items() if own and own <= said]
        if named:
            return max(named, key=lambda name: len(told[name]))
    for ending in ("type", "kind", "category", "status", "state", "name", "source", "id"):
        for name in names:
            if name == ending or name.endswith(f"_{ending}"):
                return name
    return names[0] if names else ""
