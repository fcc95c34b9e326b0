"""What ports can do: capability -> the fields of its message, and whether it answers.

An answer is an object (text to text); what an operation needs of it is asked for by name.
"""

from dataclasses import dataclass

from nodewright.spec.types import DATETIME, NUMBER, OBJECT, TEXT, Type


@dataclass(frozen=True, slots=True)
class Capability:
    """One kind of port. ``message`` maps field -> type; ``verb`` names its method."""

    verb: str
    message: dict[str, Type]
    purpose: str


CAPABILITIES = {
    "mail": Capability(
        "send", {"recipient": TEXT, "subject": TEXT, "body": TEXT}, "send an e-mail"
    ),
    "sms": Capability("send", {"recipient": TEXT, "body": TEXT}, "send a text message"),
    "push": Capability("send", {"recipient": TEXT, "body": TEXT}, "send a push notification"),
    "chat": Capability("post", {"channel": TEXT, "body": TEXT}, "post to a chat channel"),
    "payment": Capability(
        "charge", {"amount": NUMBER, "currency": TEXT, "reference": TEXT}, "take a payment"
    ),
    "refund": Capability(
        "refund", {"amount": NUMBER, "currency": TEXT, "reference": TEXT}, "give money back"
    ),
    "http": Capability("call", {"method": TEXT, "path": TEXT, "body": OBJECT}, "call an HTTP API"),
    "webhook": Capability("post", {"url": TEXT, "body": OBJECT}, "call a webhook"),
    "queue": Capability("put", {"topic": TEXT, "payload": OBJECT}, "put a message into a queue"),
    "files": Capability("write", {"path": TEXT, "content": TEXT}, "write a file"),
    "log": Capability("write", {"level": TEXT, "body": TEXT}, "write a log entry"),
    "calendar": Capability(
        "book", {"starts_at": DATETIME, "title": TEXT, "recipient": TEXT}, "book a date"
    ),
    "system": Capability("call", {"action": TEXT, "body": OBJECT}, "call another system"),
}
