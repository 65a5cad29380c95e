"""Sends HTTP requests to a plugin under test, as a host does, and waits for the whole response."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import attrs

from viewra.adapters.http import HttpClient
from viewra.types import Area, Artwork, RequestHead

MOST_S = 30.0
"""Seconds that a response may take."""


class WithHttp(Protocol):
    """A plugin: under test in this process, over loopback, or in its own process."""

    @property
    def http(self) -> HttpClient:
        """HTTP requests to it."""
        ...


@attrs.frozen
class HttpAnswer:
    """A response. ``headers`` are by name in lower case, as the plugin sent them.

    ``media_file_id``, ``asset_id`` and ``artwork`` name what the host would send.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    media_file_id: int = 0
    asset_id: str = ""
    artwork: Artwork | None = None

    @property
    def text(self) -> str:
        """The body as text in UTF-8."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask_http(
    plugin: WithHttp,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    page: bool = False,
    scope: str = "admin",
    client: str = "",
) -> HttpAnswer:
    """Send a request to a route, or with ``page`` to an admin page; to a public route with ``scope`` ``public``.

    Raises a PluginError.
    """
    area = Area.PAGE if page else Area.ROUTE
    pairs = tuple((name.lower(), value) for name, value in (headers or {}).items())
    base, routes = "/admin/plugins/under_test", "/api/plugins/under_test"
    head = RequestHead(method, path, query, pairs, area, base if page else routes, routes, scope, client)
    with plugin.http.open(head, body=body, most_s=MOST_S) as exchange:
        parts = list(iter(lambda: exchange.receive(MOST_S), None))
    first = parts[0].head if parts else None
    if first is None:
        raise AssertionError("the answer has no head")
    whole = b"".join(part.body for part in parts)
    return HttpAnswer(first.status, dict(first.headers), whole, first.media_file_id, first.asset_id, first.artwork)
