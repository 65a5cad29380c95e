"""What a client is told when a plugin fails: each kind of failure has its status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from viewra.errors import (
    NotFound,
    NotOffered,
    PluginBusy,
    PluginClosed,
    PluginError,
    PluginFault,
    PluginTimeout,
    PluginUnavailable,
)
from viewra.web.plugins.conversation import Gone, NoResponse


class BadGateway(HTTPException):
    """The plugin failed, or answered in a way that must not be passed on."""

    def __init__(self, status: int, plugin_id: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, f"plugin {plugin_id}: {detail}", headers)
        self.hint = f"viewra plugins logs {plugin_id} may say more"


@contextmanager
def translated(plugin_id: str) -> Iterator[None]:
    """Raise a plugin's failures as what the client is told."""
    try:
        yield
    except (NoResponse, PluginError, NotFound) as error:
        raise _problem(plugin_id, error) from error
    except Gone as error:
        raise ClientDisconnect from error


def _problem(plugin_id: str, error: Exception) -> HTTPException:
    status, detail = 502, str(error)
    headers: dict[str, str] = {}
    match error:
        case PluginTimeout():
            status = 504
        case PluginBusy():
            status, headers = 503, {"Retry-After": "1"}
        case NotOffered():
            status, detail = 501, "does not answer HTTP requests: its process has no viewra.v1.HttpService"
        case PluginUnavailable() if not error.in_call:
            status, headers = 503, {"Retry-After": "5"}
        case PluginClosed():
            status, headers = 503, {"Retry-After": "5"}
        case PluginFault():
            detail = f"failed: {error.message}"
        case _:
            pass
    if isinstance(error, PluginError) and not isinstance(error, PluginFault | NotOffered):
        detail = error.message
    return BadGateway(status, plugin_id, detail, headers)
