"""The plugin's side of the HTTP routes; its mirror image is viewra/adapters/api_registration.py."""

from __future__ import annotations

from viewra.codec import api_registration as codec
from viewra.sdk.servicers._handlers import Handler, handle
from viewra.services import APIRegistrationService


def handlers(service: APIRegistrationService) -> list[Handler]:
    """The procedures of the HTTP routes."""
    return [handle(codec.GET_REGISTERED_ROUTES, service.get_registered_routes)]
