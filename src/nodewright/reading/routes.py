"""The pass for HTTP routes: "POST /tickets" creates a ticket."""

import re
from dataclasses import replace

from nodewright.language.nouns import singular
from nodewright.prd.models import Scope
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import name_stems
from nodewright.reading.operations import add_operation, named, plural
from nodewright.spec.model import (
    Create,
    Delete,
    Entity,
    Listing,
    OnEntity,
    Read,
    Route,
    Update,
)

_ROUTE = re.compile(
    r"\b(?P<method>GET|POST|PUT|PATCH|DELETE)\b[\s|`:]{1,5}(?P<path>/[\w/{}:.<>-]*)"
)
_PARAMETER = re.compile(r"[{:<]\w+[}>]?$")
_CREATED = 201
_STATUS = re.compile(
    r"\b(?:returns?|answers?|responds?|with)\s+(?:with\s+)?(?:status\s+|code\s+|HTTP\s+)*"
    r"(?P<status>[2-3]\d\d)\b",
    re.IGNORECASE,
)


def read_routes(draft: Draft, _demands: list[Demand]) -> None:
    """A route belongs to the operation that its method and path mean; it is made where missing."""
    for clause in draft.document.clauses:
        if clause.scope is not Scope.RELEASE or clause.id in draft.context:
            continue
        for found in _ROUTE.finditer(clause.text):
            entity, one = _target(draft, found["path"])
            if entity is None:
                continue
            made = _operation(entity, found["method"], one=one, clause=clause.id)
            if made is None:
                continue
            operation = next(
                (
                    known
                    for known in draft.operations.values()
                    if type(known) is type(made)
                    and isinstance(known, OnEntity)
                    and known.entity == entity.name
                ),
                None,
            ) or add_operation(draft, made)
            said = _STATUS.search(clause.text)
            usual = _CREATED if found["method"] == "POST" else 200
            status = int(said["status"]) if said else usual
            route = Route(
                method=found["method"],
                path=found["path"],
                status=status,
                statuses=_STATUSES,
                clauses=(clause.id,),
                assumed="status codes are the usual ones",
            )
            draft.change(replace(operation, route=route))
            draft.take(clause)
            draft.understand(clause, found[0], entity.name, said[0] if said else "", *_USUAL)


_STATUSES = (("not_found", 404), ("forbidden", 403), ("rate_limited", 429))
_USUAL = ("get list create update delete fetch retrieve add remove endpoint",)


def _target(draft: Draft, path: str) -> tuple[Entity | None, bool]:
    """The entity of a path's last name, and whether one record is meant."""
    parts = [part for part in path.split("/") if part]
    one = bool(parts) and bool(_PARAMETER.match(parts[-1]))
    names = [part for part in parts if not _PARAMETER.match(part)]
    if not names:
        return None, one
    wanted = name_stems(singular(names[-1].replace("-", "_")))
    for entity in draft.entities.values():
        if entity.stored and name_stems(entity.name) == wanted:
            return entity, one
    return None, one


def _operation(entity: Entity, method: str, *, one: bool, clause: str) -> OnEntity | None:
    clauses = (clause,)
    name = entity.name
    if method == "GET":
        if one:
            return Read(name=named("get", name), entity=name, clauses=clauses)
        return Listing(name=named("list", plural(name)), entity=name, clauses=clauses)
    if method == "POST" and not one:
        return Create(name=named("create", name), entity=name, clauses=clauses)
    if method in {"PUT", "PATCH"}:
        fields = tuple(field.name for field in entity.fields if field.name != entity.key)
        return Update(name=named("update", name), entity=name, clauses=clauses, fields=fields)
    if method == "DELETE" and one:
        return Delete(name=named("delete", name), entity=name, clauses=clauses)
    return None
