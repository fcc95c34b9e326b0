"""A specification that uses every construct of the language: a box office that sells seats.

The module is over 400 lines because one specification is read best in one place.
"""

from datetime import time, timedelta

from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Add,
    Aggregate,
    Assign,
    Change,
    ClauseNote,
    Compute,
    Create,
    Delete,
    Entity,
    Event,
    Export,
    Field,
    FileFormat,
    Format,
    Guard,
    Idempotency,
    Import,
    Input,
    Listing,
    Machine,
    Measure,
    Move,
    Notify,
    OnFailure,
    Order,
    Port,
    Publish,
    RateLimit,
    Read,
    Reduction,
    Result,
    Retry,
    Roles,
    Route,
    Rule,
    Schedule,
    Send,
    Specification,
    State,
    Step,
    Store,
    Transition,
    Unique,
    Update,
    Workflow,
)
from nodewright.spec.types import parse_type

E = Expression


def typed(name: str, kind: str, **more: object) -> Field:
    return Field(name=name, type=parse_type(kind), **more)  # type: ignore[arg-type]


def given(name: str, kind: str, **more: object) -> Input:
    return Input(name=name, type=parse_type(kind), **more)  # type: ignore[arg-type]


def to(name: str, value: str) -> Assign:
    return Assign(name=name, value=E(value))


SEAT = Entity(
    name="Ticket",
    key="ticket_id",
    clauses=("FR-1.1",),
    fields=(
        typed("ticket_id", "uuid"),
        typed("event_name", "text", rules=(Rule(minimum=E("1")),)),
        typed("seat", "text", rules=(Rule(pattern=r"[A-Z]-\d{1,3}"),)),
        typed("holder_email", "text", rules=(Rule(format=Format.EMAIL),)),
        typed(
            "price",
            "number",
            unit="EUR",
            places=2,
            rules=(Rule(minimum=E("0"), exclusive=True, maximum=E("5000"), clauses=("FR-1.2",)),),
        ),
        typed("fee", "number", places=2),
        typed("status", "reserved | paid | used | cancelled"),
        typed("category", "standing | seated", default=E("'seated'")),
        typed("note", "text?"),
        typed("reserved_at", "datetime"),
        typed("paid_at", "datetime?"),
        typed("visitor", "Visitor?"),
        typed("operation", "text?"),
    ),
    unique=(Unique(fields=("event_name", "seat"), when=E("status != 'cancelled'")),),
    guards=(Guard(require=E("fee <= price"), error="fee_too_high", message="no fee over price"),),
)
VISITOR = Entity(
    name="Visitor",
    key="visitor_id",
    fields=(
        typed("visitor_id", "text"),
        typed("name", "text"),
        typed("address", "Address?"),
        typed("tags", "list[text]?"),
    ),
)
ADDRESS = Entity(
    name="Address",
    stored=False,
    fields=(
        typed("street", "text"),
        typed("country", "text", rules=(Rule(format=Format.COUNTRY),)),
    ),
)
HISTORY = Entity(
    name="History",
    key="history_id",
    fields=(
        typed("history_id", "uuid"),
        typed("ticket", "Ticket"),
        typed("operation", "text"),
        typed("at", "datetime"),
    ),
)
MACHINE = Machine(
    entity="Ticket",
    field="status",
    initial="reserved",
    transitions=(
        Transition(source="reserved", target="paid", clauses=("FR-7.1",)),
        Transition(source="paid", target="used"),
        Transition(
            source="reserved",
            target="cancelled",
            guards=(Guard(require=E("note is None"), error="has_note"),),
        ),
    ),
)
RECEIPT = Send(
    port="mail",
    message=(
        to("recipient", "holder_email"),
        to("subject", "f'Ticket {seat}'"),
        to("body", "f'You paid {price} for {event_name}.'"),
    ),
    retry=Retry(times=2, wait=timedelta(seconds=3)),
)

SPECIFICATION = Specification(
    title="Box office",
    package="box_office",
    description="Sells seats for concerts.",
    clauses=(
        ClauseNote(
            id="FR-1.1",
            requirement="FR-1",
            line=3,
            text="A visitor reserves a seat.",
            state=State.READ,
        ),
        ClauseNote(
            id="FR-1.2",
            requirement="FR-1",
            line=4,
            text="The price is above 0 and at most 5000 euro.",
            state=State.READ,
        ),
        ClauseNote(
            id="FR-7.1",
            requirement="FR-7",
            line=9,
            text="A reserved ticket becomes paid.",
            state=State.READ,
        ),
        ClauseNote(
            id="FR-9.1",
            requirement="FR-9",
            line=12,
            text="It shall be pleasant.",
            state=State.OPEN,
            reason="not understood",
        ),
    ),
    entities=(SEAT, VISITOR, ADDRESS, HISTORY),
    machines=(MACHINE,),
    ports=(
        Port(name="mail", capability="mail", system="SendGrid"),
        Port(name="stripe", capability="payment", system="Stripe"),
    ),
    events=(
        Event(
            name="ticket_paid",
            fields=(typed("ticket_id", "uuid"), typed("amount", "number")),
        ),
    ),
    stores=(Store(system="PostgreSQL"),),
    operations=(
        Create(
            name="reserve_ticket",
            entity="Ticket",
            clauses=("FR-1.1",),
            description="Reserve a seat.",
            set=(to("reserved_at", "now()"), to("fee", "round(price * 0.05, 2) + 1")),
            without=("paid_at",),
            rate=RateLimit(calls=5, per=timedelta(minutes=1), by=E("request.holder_email")),
            effects=(
                Add(
                    entity="History",
                    set=(
                        to("ticket", "this.ticket_id"),
                        to("operation", "'reserve'"),
                        to("at", "now()"),
                    ),
                ),
            ),
            route=Route(
                method="POST", path="/tickets", status=201, statuses=(("seat_taken", 409),)
            ),
        ),
        Read(name="read_ticket", entity="Ticket"),
        Update(
            name="update_ticket",
            entity="Ticket",
            fields=("note", "price", "seat"),
            guards=(Guard(require=E("status == 'reserved'"), error="not_reserved"),),
        ),
        Move(
            name="pay_ticket",
            entity="Ticket",
            to="paid",
            set=(to("paid_at", "now()"),),
            effects=(
                RECEIPT,
                Publish(
                    event="ticket_paid",
                    payload=(to("ticket_id", "ticket_id"), to("amount", "price")),
                ),
            ),
        ),
        Move(name="use_ticket", entity="Ticket", to="used", roles=Roles(roles=("staff", "admin"))),
        Move(name="cancel_ticket", entity="Ticket", to="cancelled"),
        Move(
            name="cancel_unpaid",
            entity="Ticket",
            to="cancelled",
            where=E("status == 'reserved' and reserved_at < now() - minutes(15)"),
            schedule=Schedule(every=timedelta(minutes=1)),
        ),
        Delete(
            name="remove_cancelled",
            entity="Ticket",
            where=E("status == 'cancelled'"),
            schedule=Schedule(every=timedelta(days=1), at=time(3, 30)),
        ),
        Delete(name="remove_ticket", entity="Ticket", command="admin remove"),
        Notify(
            name="remind_visitors",
            entity="Ticket",
            where=E("status == 'reserved'"),
            effects=(
                Send(
                    port="mail",
                    message=(
                        to("recipient", "holder_email"),
                        to("subject", "'Pay soon'"),
                        to("body", "seat"),
                    ),
                    on_failure=OnFailure.KEEP,
                ),
            ),
        ),
        Listing(
            name="list_tickets",
            entity="Ticket",
            inputs=(given("event_name", "text?"),),
            where=E("request.event_name is None or event_name == request.event_name"),
            order=(Order(by=E("reserved_at"), descending=True), Order(by=E("note"))),
            paged=True,
        ),
        Listing(
            name="list_my_seats",
            entity="Ticket",
            where=E("holder_email == caller.id"),
            fields=("seat", "price"),
            limit=3,
        ),
        Aggregate(
            name="sales_per_event",
            entity="Ticket",
            where=E("status != 'cancelled'"),
            group=(to("event_name", "event_name"), to("day", "date(reserved_at)")),
            measures=(
                Measure(name="sold", reduce=Reduction.COUNT),
                Measure(name="revenue", reduce=Reduction.SUM, of=E("price")),
                Measure(name="part", reduce=Reduction.SHARE, of=E("price")),
                Measure(
                    name="last_note", reduce=Reduction.LATEST, of=E("note"), by=E("reserved_at")
                ),
                Measure(name="mean", reduce=Reduction.AVERAGE, of=E("price")),
                Measure(name="holders", reduce=Reduction.DISTINCT, of=E("holder_email")),
            ),
            order=(Order(by=E("revenue"), descending=True),),
            limit=10,
        ),
        Aggregate(
            name="total_sales",
            entity="Ticket",
            measures=(
                Measure(name="sold", reduce=Reduction.COUNT),
                Measure(name="highest", reduce=Reduction.HIGHEST, of=E("price")),
            ),
        ),
        Compute(
            name="calculate_total_price",
            inputs=(
                given("base", "number", rules=(Rule(minimum=E("0")),)),
                given("fees", "number"),
                given("discount", "number?"),
                given("seats", "integer", default=E("1")),
            ),
            guards=(Guard(require=E("fees >= 0"), error="fees_invalid"),),
            results=(
                Result(name="gross", type=parse_type("number"), value=E("(base + fees) * seats")),
                Result(
                    name="total",
                    type=parse_type("number"),
                    value=E("gross if discount is None else gross * (1 - discount / 100)"),
                    places=2,
                ),
            ),
        ),
        Compute(
            name="validate_ticket",
            entity="Ticket",
            guards=(Guard(require=None, error="identity_unproven", message="prove who you are"),),
        ),
        Compute(
            name="check_seat",
            inputs=(given("seat", "text"), given("event_name", "text")),
            results=(
                Result(
                    name="free",
                    type=parse_type("boolean"),
                    value=E(
                        "not exists(Ticket, seat == this.seat and event_name == this.event_name)"
                    ),
                ),
                Result(
                    name="average_price",
                    type=parse_type("number?"),
                    value=E("average(Ticket, price, event_name == this.event_name)"),
                ),
            ),
        ),
        Create(
            name="register_visitor",
            entity="Visitor",
            idempotency=Idempotency(key=E("request.visitor_id")),
            guards=(Guard(require=E("length(name) > 1"), error="name_short"),),
        ),
        Update(
            name="rename_visitor",
            entity="Visitor",
            fields=("name",),
            effects=(
                Change(
                    entity="Ticket",
                    where=E("visitor == this.visitor_id"),
                    set=(to("note", "f'renamed to {this.name}'"),),
                ),
            ),
        ),
        Delete(
            name="remove_visitor",
            entity="Visitor",
            effects=(
                Change(
                    entity="Ticket",
                    where=E("visitor == this.visitor_id"),
                    set=(to("status", "'cancelled'"), to("visitor", "None")),
                ),
            ),
        ),
        Import(name="import_visitors", entity="Visitor", format=FileFormat.CSV, upsert=True),
        Export(
            name="export_tickets",
            entity="Ticket",
            format=FileFormat.CSV,
            order=(Order(by=E("seat")),),
            fields=("seat", "price", "paid_at"),
        ),
        Notify(
            name="thank_visitor",
            entity="Ticket",
            on="ticket_paid",
            effects=(
                Send(
                    port="mail",
                    message=(
                        to("recipient", "holder_email"),
                        to("subject", "'Thanks'"),
                        to("body", "seat"),
                    ),
                ),
            ),
        ),
        Notify(
            name="take_payment",
            entity="Ticket",
            inputs=(given("amount", "number"),),
            effects=(
                Send(
                    port="stripe",
                    message=(
                        to("amount", "request.amount"),
                        to("currency", "'EUR'"),
                        to("reference", "text(ticket_id)"),
                    ),
                ),
            ),
        ),
        Workflow(
            name="purchase_ticket",
            inputs=(
                given("event_name", "text"),
                given("seat", "text"),
                given("holder_email", "text"),
                given("price", "number"),
            ),
            steps=(
                Step(
                    name="reserve",
                    operation="reserve_ticket",
                    given=(
                        to("event_name", "request.event_name"),
                        to("seat", "request.seat"),
                        to("holder_email", "request.holder_email"),
                        to("price", "request.price"),
                    ),
                    undo="cancel_ticket",
                ),
                Step(
                    name="charge",
                    operation="take_payment",
                    given=(
                        to("ticket_id", "reserve.ticket_id"),
                        to("amount", "reserve.price + reserve.fee"),
                    ),
                    retry=Retry(times=1),
                ),
                Step(
                    name="pay",
                    operation="pay_ticket",
                    given=(to("ticket_id", "reserve.ticket_id"),),
                    when=E("reserve.price > 1"),
                ),
            ),
        ),
    ),
)
