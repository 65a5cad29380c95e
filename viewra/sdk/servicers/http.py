"""The plugin's side of HTTP requests; its mirror image is viewra/adapters/http.py."""

from __future__ import annotations

from viewra.codec import http as codec
from viewra.sdk.servicers._handlers import Handler, handle_stream
from viewra.services import HttpService


def handlers(service: HttpService) -> list[Handler]:
    """The procedure of HTTP requests."""
    return [handle_stream(codec.HANDLE, service.handle_http)]
