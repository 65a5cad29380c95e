"""An ASGI application that a plugin mounts."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

from tests.unit.sdk.shelf import Shelf
from tests.unit.sdk.test_http import ask
from viewra.errors import PluginFault
from viewra.sdk import Plugin
from viewra.testing import in_process, loopback
from viewra.types import APIRoute, RequestHead

started: list[str] = []


async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        started.append((await receive())["type"])
        await send({"type": "lifespan.startup.complete"})
        started.append((await receive())["type"])
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    if scope["path"].endswith("/fail"):
        raise LookupError("no such thing")
    await send({"type": "http.response.start", "status": 201, "headers": [(b"X-Path", scope["path"].encode())]})
    await send({"type": "http.response.body", "body": body * 2, "more_body": True})
    if scope["path"].endswith("/wait"):
        assert (await receive())["type"] == "http.disconnect"
        Shelf.left.set()
        return
    await send({"type": "http.response.body", "body": b"."})


class AsAttribute(Plugin):
    asgi = app


class AsMethod(Plugin):
    def asgi(self) -> Any:
        return app


@pytest.mark.parametrize("kind", [AsAttribute, AsMethod])
@pytest.mark.parametrize("way", [in_process, loopback], ids=["in_process", "loopback"])
def test_an_asgi_app_is_mounted(kind: type[Plugin], way: Any) -> None:
    started.clear()
    with way(kind()) as plugin:
        assert APIRoute("/{path:path}", "GET") in plugin.api_registration.get_registered_routes()
        head, body, _ = ask(plugin, "POST", "/a", b"x" * 100_000, base_path="/api/plugins/p")
        assert (head.status, dict(head.headers)["x-path"]) == (201, "/api/plugins/p/a")
        assert body == b"x" * 200_000 + b"."
        with pytest.raises(PluginFault, match="no such thing"):
            ask(plugin, "GET", "/fail")
        assert started == ["lifespan.startup"]
        Shelf.left.clear()
        with plugin.http.open(RequestHead("GET", "/wait"), most_s=10) as exchange:
            assert exchange.receive(60) is not None
        assert Shelf.left.wait(60)
