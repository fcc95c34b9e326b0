"""Entities and fields in every notation that documents use."""

import pytest

from nodewright.prd.document import parse_document
from nodewright.reading.data_passes import read_data
from nodewright.reading.draft import Draft


def draft_of(text: str) -> Draft:
    draft = Draft(parse_document(text))
    read_data(draft)
    return draft


def fields_of(text: str, name: str) -> dict[str, str]:
    """Field -> type, without the key that was assumed."""
    entity = draft_of(text).entities[name]
    return {
        field.name: str(field.type)
        for field in entity.fields
        if not (field.name == entity.key and field.assumed and not field.clauses)
    }


NOTATIONS = {
    "table": """
## Data

### Boat

| Field | Type | Required | Notes |
|---|---|---|---|
| hull_no | string | yes | unique |
| length | decimal | yes | in m, 2 to 60 |
| rig | string | no | sloop, ketch, yawl |
""",
    "typed bullets": """
## Data

### Boat

- `hull_no`: string, unique
- `length`: decimal, in m, 2 to 60
- `rig`: enum: sloop, ketch, yawl, optional
""",
    "announced bullets": """
## Functions

- Boat fields:
  - `hull_no` (string, unique)
  - `length` (decimal, in m, from 2 to 60)
  - `rig` (enum: sloop, ketch, yawl, optional)
""",
    "columns": """
## Functions

- FR-1: Keep the boats
  - Columns: hull_no (unique), length (decimal, 2 to 60), rig (ENUM: sloop, ketch, yawl; optional)
""",
    "sql": """
```sql
CREATE TABLE boats (
  hull_no VARCHAR(20) NOT NULL UNIQUE,
  length NUMERIC(6, 2) NOT NULL CHECK (length >= 2 AND length <= 60), -- in m
  rig TEXT CHECK (rig IN ('sloop', 'ketch', 'yawl'))
);
```
""",
    "prisma": """
```prisma
model Boat {
  hull_no String @unique
  length  Decimal // in m, 2 to 60
  rig     Rig?
}

enum Rig {
  sloop
  ketch
  yawl
}
```
""",
    "typescript": """
```ts
interface Boat {
  hull_no: string; // unique
  length: number; // in m, 2 to 60
  rig?: 'sloop' | 'ketch' | 'yawl';
}
```
""",
    "pydantic": """
```python
class Boat(BaseModel):
    hull_no: str = Field(unique=True)
    length: Decimal = Field(ge=2, le=60)
    rig: Literal["sloop", "ketch", "yawl"] | None = None
```
""",
    "openapi": """
```yaml
components:
  schemas:
    Boat:
      type: object
      required: [hull_no, length]
      properties:
        hull_no: {type: string}
        length: {type: number, minimum: 2, maximum: 60}
        rig: {type: string, enum: [sloop, ketch, yawl]}
```
""",
    "outline": """
```
Boat
  hull_no: string (unique)
  length: decimal (in m, 2 to 60)
  rig: string (optional, one of sloop, ketch, yawl)
```
""",
}


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_boat_is_read_the_same_in_every_notation(notation: str) -> None:
    assert fields_of(f"# Harbour\n{NOTATIONS[notation]}", "Boat") == {
        "hull_no": "text",
        "length": "number",
        "rig": "sloop | ketch | yawl | ?",
    }


@pytest.mark.parametrize("notation", NOTATIONS)
def test_its_length_is_bounded_in_every_notation(notation: str) -> None:
    boat = draft_of(f"# Harbour\n{NOTATIONS[notation]}").entities["Boat"]
    length = boat.field("length")
    assert length is not None
    bounds = [
        (rule.minimum and rule.minimum.text, rule.maximum and rule.maximum.text)
        for rule in length.rules
    ]
    assert bounds == [("2", None), (None, "60")]


@pytest.mark.parametrize("notation", sorted(NOTATIONS.keys() - {"openapi"}))
def test_its_hull_number_is_unique_in_every_notation_that_says_so(notation: str) -> None:
    boat = draft_of(f"# Harbour\n{NOTATIONS[notation]}").entities["Boat"]
    assert [rule.fields for rule in boat.unique] == (
        [("hull_no",)] if boat.key != "hull_no" else []
    )


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_field_names_the_clause_that_it_comes_from(notation: str) -> None:
    draft = draft_of(f"# Harbour\n{NOTATIONS[notation]}")
    known = {clause.id for clause in draft.document.clauses}
    for field in draft.entities["Boat"].fields:
        assert set(field.clauses) <= known
        assert field.clauses or field.assumed
        assert set(field.clauses) <= draft.read


PHRASES = {
    "Keep basic guest details (name, phone, birth date).": (
        "Guest", ["name", "phone", "birth_date"],
    ),
    "Each stay has an arrival date, a room and an optional note.": (
        "Stay", ["arrival_date", "room", "note"],
    ),
    "The system shall record each delivery with carrier, weight, and arrival time.": (
        "Delivery", ["carrier", "weight", "arrival_time"],
    ),
    "Clerks can register members by providing name, email, and phone number.": (
        "Member", ["name", "email", "phone_number"],
    ),
    "Import readings from CSV. The file has the columns `meter_no`, `read_at` and `amount`.": (
        "Reading", ["meter_no", "read_at", "amount"],
    ),
    "Track for every pump: serial number, last service date, owner.": (
        "Pump", ["serial_number", "last_service_date", "owner"],
    ),
    "Stock cards: batch code, quantity (at least 1), expiry date": (
        "StockCard", ["batch_code", "quantity", "expiry_date"],
    ),
    "Compute the mean duration, yield rate and total cost per batch.": (
        "BatchMetrics", ["mean_duration", "yield_rate", "total_cost"],
    ),
    "Parcel(sender, weight: decimal, insured?)": ("Parcel", ["sender", "weight", "insured"]),
    "Put out logs for each run, detailing the start time, number of rows and duration.": (
        "RunLog", ["start_time", "rows", "duration"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("sentence", PHRASES)
def test_fields_that_prose_lists(sentence: str) -> None:
    name, fields = PHRASES[sentence]
    found = fields_of(f"# Yard\n\n## Functional requirements\n\n- {sentence}\n", name)
    assert list(found) == fields


NOTHING = [
    "Support several export formats (CSV, JSON, Excel).",
    "The dashboard shows the name, status and price of all goods.",
    "The system includes a login page, a search and a menu.",
    "Channels: email, SMS, push",
    "Handle four types of faults: missing values, wrong dates, wrong amounts and double rows.",
    "The product has a simple design and a fast start.",
    "Users can search by name, price and category.",
    "Written in Python (FastAPI, SQLAlchemy, pydantic).",
]


@pytest.mark.parametrize("sentence", NOTHING)
def test_lists_of_other_things_are_no_fields(sentence: str) -> None:
    assert draft_of(f"# Yard\n\n## Functional requirements\n\n- {sentence}\n").entities == {}


@pytest.mark.parametrize(
    ("heading", "table", "name", "expected"),
    [
        (
            "### 订单",
            ("| 字段 | 类型 | 必填 | 说明 |\n|---|---|---|---|\n| order_id | 字符串 | 是 | 主键 |\n"
            "| amount | 小数 | 是 | |\n| status | 字符串 | 否 | 枚举：open、paid |"),
            "DingDan",
            {"order_id": "text", "amount": "number", "status": "open | paid | ?"},
        ),
        (
            "### Ticket チケット",
            ("| フィールド | 型 | 必須 | 説明 |\n|---|---|---|---|\n| seat | 文字列 | はい | |\n"
            "| price | 整数 | いいえ | |"),
            "Ticket",
            {"seat": "text", "price": "integer?"},
        ),
        (
            "### Auftrag",
            ("| Feld | Typ | Pflicht |\n|---|---|---|\n| kunde | Zeichenkette | ja |\n"
            "| betrag | Dezimal | nein |"),
            "Auftrag",
            {"kunde": "text", "betrag": "number?"},
        ),
        (
            "### Cliente",
            ("| Campo | Tipo | Obligatorio |\n|---|---|---|\n| nombre | texto | sí |\n| saldo | "
            "decimal | no |"),
            "Cliente",
            {"nombre": "text", "saldo": "number?"},
        ),
        (
            "### 회원 Member",
            ("| 필드 | 타입 | 필수 |\n|---|---|---|\n| nickname | 문자열 | 예 |\n| points | 정수 "
            "| 아니오 |"),
            "Member",
            {"nickname": "text", "points": "integer?"},
        ),
    ],
)  # fmt: skip
def test_tables_in_other_languages(
    heading: str, table: str, name: str, expected: dict[str, str]
) -> None:
    found = fields_of(f"# Data\n\n## Data model\n\n{heading}\n\n{table}\n", name)
    assert found == expected


def test_tables_of_asciidoc_and_rst() -> None:
    rows = "|Field |Type |Required\n\n|name |string |yes\n|draft |decimal |no\n"
    asciidoc = f"= Pier\n\n== Data\n\n.Boat\n|===\n{rows}|===\n"
    rule = "===== ======= ========\n"
    named = "Field Type    Required\n"
    rst = f"Boat\n====\n\n{rule}{named}{rule}name  string  yes\ndraft decimal no\n{rule}"
    for text in (asciidoc, rst):
        assert fields_of(text, "Boat") == {"name": "text", "draft": "number?"}


def test_objects_within_objects_become_values() -> None:
    held = '"holder": {"name": "Ann", "born": "1990-02-01"}'
    code = f'```json\n{{"seat": "B-12", {held}, "tags": ["a"], "note": null}}\n```'
    draft = draft_of(f"# Hall\n\n## Ticket schema\n\n{code}\n")
    assert {field.name: str(field.type) for field in draft.entities["Holder"].fields} == {
        "name": "text",
        "born": "date",
    }
    assert not draft.entities["Holder"].stored
    ticket = draft.entities["Ticket"]
    assert str(ticket.field("holder").type) == "Holder"  # type: ignore[union-attr]
    assert str(ticket.field("note").type) == "text?"  # type: ignore[union-attr]


def test_an_enum_belongs_to_the_field_it_stands_with() -> None:
    found = fields_of(
        "# Bank\n\n## Database schema\n\n1. **Postings (Entity):** kept for years. Columns: "
        "posting_id,"
        " account_no (Foreign Key), booked_at, side (ENUM: DEBIT, CREDIT), amount.\n",
        "Posting",
    )
    assert found["side"] == "DEBIT | CREDIT"
    assert found["account_no"] == "text"


def test_named_entities_are_told_by_the_line_above_their_columns() -> None:
    draft = draft_of(
        "# Pier\n\n## Functional requirements\n\n- FR-1: Keep the berths\n  - Columns: id "
        "(UUID), width (decimal)\n"
        "- FR-2: Keep the moorings\n  - Columns: id (UUID), boat (string)\n"
    )
    assert list(draft.entities) == ["Berth", "Mooring"]


def test_demands_of_sentences_reach_their_fields() -> None:
    draft = draft_of(
        "# Hall\n\n## Data\n\n- Ticket(event, seat, price, holder_email)\n\n## Rules\n\n"
        "- The price must be greater than 0 and at most 5000.\n- The holder_email must be a "
        "valid email address.\n"
        "- No seat is ever sold twice.\n- Empty holder_email values are possible.\n"
    )
    ticket = draft.entities["Ticket"]
    price = ticket.field("price")
    mail = ticket.field("holder_email")
    assert price is not None
    assert mail is not None
    assert [(rule.exclusive, bool(rule.minimum)) for rule in price.rules] == [
        (True, True),
        (False, False),
    ]
    assert [str(rule.format) for rule in mail.rules] == ["email"]
    assert mail.type.optional
    assert [rule.fields for rule in ticket.unique] == [("event", "seat")]


def test_a_condition_on_records_is_no_bound_on_values() -> None:
    draft = draft_of(
        "# Till\n\n## Data\n\n- Sale(amount, day)\n\n## Rules\n\n- Remove sales where amount is "
        "≤ 0.\n"
    )
    assert draft.entities["Sale"].field("amount").rules == ()  # type: ignore[union-attr]


def test_only_the_texts_own_moves_make_a_machine() -> None:
    draft = draft_of(
        "# Hall\n\n## Data\n\n- Ticket(seat, price)\n- Booking(seat, status)\n\n## Rules\n\n"
        "- Ticket states: reserved → paid → used. A reserved ticket can be cancelled.\n"
        "- Booking status: open, done.\n"
    )
    machine = draft.machines["Ticket"]
    assert machine.initial == "reserved"
    assert [(move.source, move.target) for move in machine.transitions] == [
        ("reserved", "paid"),
        ("paid", "used"),
        ("reserved", "cancelled"),
    ]
    assert "Booking" not in draft.machines
    assert str(draft.entities["Booking"].field("status").type) == "open | done"  # type: ignore[union-attr]


def test_what_is_out_of_scope_has_no_fields() -> None:
    draft = draft_of("# Hall\n\n## Out of scope\n\n- Guest details (name, phone, address)\n")
    assert draft.entities == {}


def test_stored_things_have_keys_and_values_have_none() -> None:
    draft = draft_of("# Inn\n\n## Data\n\n- Room(number, view)\n- Stay(stay_id, room, nights)\n")
    room, stay = draft.entities["Room"], draft.entities["Stay"]
    assert (room.key, stay.key) == ("room_id", "stay_id")
    assert room.field("room_id").assumed  # type: ignore[union-attr]
    assert str(stay.field("room").type) == "Room"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["", "#", "|", "```\n{{{{((\n```", "```json\n[[[\n```", "- (a, b", "| a |\n|---|\n| |"]
)
def test_broken_documents_are_read_without_a_fault(text: str) -> None:
    draft_of(text)
