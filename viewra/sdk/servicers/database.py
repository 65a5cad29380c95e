"""The plugin's side of the database service; its mirror image is viewra/adapters/database.py."""

from __future__ import annotations

from viewra.codec import database as codec
from viewra.sdk.servicers._handlers import Handler, handle
from viewra.services import DatabaseService, SchemaService


def handlers(service: DatabaseService) -> list[Handler]:
    """The procedures of the database service. ``describe`` tells a host that it can migrate before Initialize."""
    found = [
        handle(codec.GET_MODELS, service.get_models),
        handle(codec.MIGRATE, service.migrate),
        handle(codec.ROLLBACK, service.rollback),
    ]
    if isinstance(service, SchemaService):
        found.append(handle(codec.DESCRIBE, service.describe))
    return found
