"""An AsyncAPI 3.0 document of the event classes."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from nodewright import __version__
from nodewright.events.codegen import CODEGEN_EVENTS, SERVICE
from nodewright.events.model import BaseEvent, topic_name

_HEADERS = {
    "type": "object",
    "properties": {
        "event_id": {"type": "string", "format": "uuid", "description": "Equal ids: one event."},
        "correlation_id": {"type": "string", "format": "uuid"},
        "content-type": {"type": "string", "const": "application/json"},
        "schema-version": {"type": "string"},
        "traceparent": {"type": "string", "description": "W3C trace context."},
    },
}


def asyncapi_document(
    events: Sequence[type[BaseEvent]] = CODEGEN_EVENTS, *, service: str | None = None
) -> dict[str, Any]:
    """Channels, messages and JSON schemas of ``events``.

    Args:
        events: event classes; those of code generation by default.
        service: whose topics to show; by default each class's own, else ``nodewright``.
    """
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for event in events:
        name = event.__name__
        default = event.model_fields["service"].get_default()
        owner = service or (default if isinstance(default, str) else SERVICE)
        topic = topic_name(owner, event.event_type, event.schema_version)
        schemas[name] = _schema(event, schemas)
        messages[name] = {
            "name": event.event_type,
            "title": name,
            "summary": (event.__doc__ or "").strip().partition("\n")[0],
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/Headers"},
            "payload": {"$ref": f"#/components/schemas/{name}"},
            "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}}},
        }
        channels[name] = {
            "address": topic,
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        }
        operations[f"publish{name}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        }
    schemas["Headers"] = _HEADERS
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "nodewright events", "version": __version__},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def _schema(event: type[BaseEvent], schemas: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of ``event``; the models it refers to go to ``schemas``."""
    where = "#/components/schemas/{model}"
    schema = event.model_json_schema(ref_template=where, mode="serialization")
    schemas |= schema.pop("$defs", {})
    model = getattr(event, "payload_model", None)
    if isinstance(model, type) and issubclass(model, BaseModel):
        payload = model.model_json_schema(ref_template=where, mode="serialization")
        schemas |= payload.pop("$defs", {})
        schema["properties"]["payload"] = payload
    return schema
