"""Entities, states, systems and facts in a document."""

import pytest

from nodewright import SimplePRDAnalyzer
from nodewright.prd.models import Entity, FieldType, ParsedPRD, StateMachine


def parse(text: str) -> ParsedPRD:
    return SimplePRDAnalyzer().analyze_prd(text).parsed_prd


def systems(text: str) -> list[str]:
    return SimplePRDAnalyzer().analyze_prd(text).external_systems


def entity(parsed: ParsedPRD, name: str) -> Entity:
    return next(item for item in parsed.entities if item.name == name)


TABLE = """\
### Kiln

| Field | Type | Required |
|---|---|---|
| kiln_id | uuid | yes |
| fired_at | datetime | no |
| is_hot | bool | yes |
"""
LIST = """\
### Kiln

- `kiln_id`: uuid
- `fired_at`: datetime, optional
- `is_hot`: boolean
"""
INLINE = "**Kiln**: kiln_id (uuid), fired_at (datetime, optional), is_hot (boolean)"
NESTED = "- **Kiln**\n  - `kiln_id`, optional `fired_at`, `is_hot`"
SQL = """\
```sql
CREATE TABLE kilns (
  kiln_id UUID PRIMARY KEY,
  fired_at TIMESTAMP NULL,
  is_hot BOOLEAN NOT NULL
);
```
"""
TYPESCRIPT = """\
```typescript
interface Kiln {
  kiln_id: string;
  fired_at?: Date;
  is_hot: boolean;
}
```
"""
BARE = """\
```
Kiln
  kiln_id: uuid
  fired_at: datetime (optional)
  is_hot: boolean
```
"""
TRANSITIONS = """\
### Parcel life cycle

| From | To | Trigger |
|---|---|---|
| pending | active | accept |
| active | closed | finish |
"""


@pytest.mark.parametrize("declaration", [TABLE, LIST, INLINE, NESTED, SQL, TYPESCRIPT, BARE])
def test_entities_are_read_from_lists_tables_and_code(declaration: str) -> None:
    found = entity(parse(f"# Pottery\n\n## Data model\n\n{declaration}\n"), "Kiln")
    assert [item.name for item in found.fields] == ["kiln_id", "fired_at", "is_hot"]
    assert found.fields[1].type is FieldType.DATETIME
    assert found.fields[2].type is FieldType.BOOLEAN


def test_entities_are_read_from_a_sentence() -> None:
    text = (
        "# Ledger\n\n## Features\n\n- A stock movement has a product code, a bin and a quantity.\n"
    )
    found = entity(parse(text), "Stock Movement")
    assert [item.name for item in found.fields] == ["product code", "bin", "quantity"]
    assert found.fields[2].type is FieldType.INTEGER


def test_nouns_of_requirements_become_entities_and_verbs_do_not() -> None:
    text = (
        "# Requirements\n\n## Functional Requirements\n\n"
        "- FR-1: The system shall store orders.\n"
        "- FR-2: The system shall ship an order to the customer.\n"
        "- FR-3: The workflow must post a message to each customer.\n"
    )
    names = [item.name for item in parse(text).entities]
    assert {"Order", "Customer", "Message"} <= set(names)
    assert not {"Store", "Post", "Workflow", "System", "System Shall", "Requirement"} & set(names)


def machine(text: str) -> StateMachine:
    (found,) = parse(f"# Post Office\n\n## Requirements\n\n{text}\n").state_machines
    return found


def test_arrow_chains_are_state_machines() -> None:
    found = machine(
        "- A parcel moves through these states: sorted -> shipped -> delivered."
        " A sorted parcel can be cancelled."
    )
    assert found.states == ("sorted", "shipped", "delivered", "cancelled")
    assert [(move.source, move.target, move.trigger) for move in found.transitions] == [
        ("sorted", "shipped", "ship"),
        ("shipped", "delivered", "deliver"),
        ("sorted", "cancelled", "cancel"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "- Parcel status: pending, active, closed",
        "- Each parcel has a status (pending, active, closed)",
        "- `status`: one of `pending` | `active` | `closed`",
        "```ts\nstatus: string // 'pending' | 'active' | 'closed'\n```",
    ],
)
def test_lists_of_statuses_are_state_machines(text: str) -> None:
    assert machine(text).states == ("pending", "active", "closed")


def test_tables_of_transitions_are_state_machines() -> None:
    found = machine(TRANSITIONS)
    assert found.subject == "Parcel"
    assert [move.trigger for move in found.transitions] == ["accept", "finish"]


def test_data_flows_are_no_state_machines() -> None:
    parsed = parse("# Hub\n\n## Requirements\n\n- The API receives JSON → DTO → Message\n")
    assert parsed.state_machines == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Data is kept in Postgres and cached in redis", ["PostgreSQL", "Redis"]),
        ("Deployed on k8s; mails by AWS SES", ["Kubernetes", "AWS SES"]),
        ("Files lie in GCS, keys in KMS", ["Google Cloud Storage", "Google Cloud KMS"]),
        ("Integrate with the Acme API for quotes", ["Acme"]),
        ("The interface calls the Ring API", ["Ring"]),
        ("A ring of servers renders the page in a square", []),
        ("Render the page, segment users, box them", []),
        ("Do not use MongoDB", []),
        ("The service has no dependency on Kafka", []),
        ("Unlike Notion, it works offline", []),
        ("Written in Python with FastAPI and Docker, tested by GitHub Actions", []),
        ("The REST API and the Admin API are public", []),
    ],
)
def test_systems_are_named_by_their_normal_names(text: str, found: list[str]) -> None:
    assert systems(f"# Desk\n\n## Requirements\n\n- {text}\n") == found


def test_systems_elsewhere_do_not_count() -> None:
    text = (
        "# Desk\n\n## Requirements\n\n- Store notes\n\n## Competitors\n\n- Slack, Jira\n\n"
        "## Future\n\n- MySQL\n\n## Non-goals\n\n- Redis\n\n## Risks\n\n- Kafka might be slow\n"
    )
    assert systems(text) == []


def test_optional_systems_are_marked() -> None:
    text = "# Desk\n\n## Requirements\n\n- Store in MySQL\n- Publish to Kafka or NATS (TBD)\n"
    found = SimplePRDAnalyzer().analyze_prd(text).systems
    assert [(item.name, item.optional) for item in found] == [
        ("MySQL", False),
        ("Kafka", True),
        ("NATS", True),
    ]


def test_endpoints_quantities_and_actors_are_found() -> None:
    parsed = parse(
        "# Desk\n\n## User stories\n\n- As a head gardener, I want to list beds.\n\n## API\n\n"
        "| Method | Path | Purpose |\n|---|---|---|\n| GET | /api/beds | List beds |\n\n"
        "- `POST /api/beds` - create a bed\n\n## Performance\n\n- Latency p95 under 200 ms\n"
    )
    assert [(item.method, item.path, item.line) for item in parsed.endpoints] == [
        ("GET", "/api/beds", 11),
        ("POST", "/api/beds", 13),
    ]
    assert parsed.endpoints[0].description == "List beds"
    (latency,) = parsed.quantities
    assert (latency.subject, latency.comparison, latency.value, latency.unit) == (
        "Latency p95",
        "<",
        200.0,
        "ms",
    )
    assert parsed.actors == ("head gardener",)
