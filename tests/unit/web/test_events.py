"""Events: who gets which, what a listener that was away gets, and that a slow one is cut."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.web.conftest import Served
from viewra.types import PluginState
from viewra.web.accounts.identity import Scope
from viewra.web.api import events
from viewra.web.api.endpoints import PREFIX
from viewra.web.live import hub as hubs
from viewra.web.live.hub import Event, Hub

LIMIT_S = 20


def run(body: Callable[[Hub], Awaitable[None]]) -> None:
    """Run a test of a hub on a loop of its own."""

    async def opened() -> None:
        hub = Hub()
        hub.open()
        async with asyncio.timeout(LIMIT_S):
            await body(hub)

    asyncio.run(opened())


async def kinds(feed: hubs.Feed, count: int) -> list[str | None]:
    """The kinds of the next events; None: the end."""
    found = [await feed.next(LIMIT_S) for _ in range(count)]
    return [event.kind if event is not None else None for event in found]


def test_a_listener_gets_what_it_wants_in_order() -> None:
    async def body(hub: Hub) -> None:
        with hub.subscribed(lambda event: event.kind != "log") as feed, hub.subscribed() as other:
            for kind in ("a", "log", "b"):
                await asyncio.to_thread(hub.publish, kind, {"n": 1}, about="x")
            assert await kinds(feed, 2) == ["a", "b"]
            assert await kinds(other, 3) == ["a", "log", "b"]
        assert hub.listeners == 0

    run(body)


def test_one_that_was_away_gets_what_it_missed() -> None:
    async def body(hub: Hub) -> None:
        with hub.subscribed() as feed:
            for kind in "abc":
                hub.publish(kind, {})
            first = await feed.next(LIMIT_S)
            await kinds(feed, 2)
        assert first is not None
        with hub.subscribed(after=first.id) as feed:
            hub.publish("d", {})
            assert await kinds(feed, 3) == ["b", "c", "d"]

    run(body)


@pytest.mark.parametrize("last", ["", "x", "x-1", "{run}-99", "{run}--1", "{run}-0", "{run}-²", "{run}-" + "9" * 30])
def test_one_that_was_away_too_long_is_told(last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "KEPT", 2)

    async def body(hub: Hub) -> None:
        with hub.subscribed() as feed:
            for kind in "abc":
                hub.publish(kind, {})
            assert await kinds(feed, 3) == ["a", "b", "c"]
        with hub.subscribed(lambda event: event.kind == "d", after=last.format(run=hub._run)) as feed:
            hub.publish("d", {})
            assert await kinds(feed, 2) == ["reset", "d"]

    run(body)


def test_one_that_does_not_read_is_cut_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "WAITING", 3)

    async def body(hub: Hub) -> None:
        with hub.subscribed() as slow, hub.subscribed() as quick:
            for number in range(10):
                hub.publish(str(number), {})
                assert await kinds(quick, 1) == [str(number)]
            assert await kinds(slow, 4) == ["0", "1", "2", None]

    run(body)


def test_the_end_comes_to_all_also_to_those_that_come_after() -> None:
    async def body(hub: Hub) -> None:
        with hub.subscribed() as feed:
            hub.publish("a", {})
            await asyncio.sleep(0)
            hub.close()
            assert await kinds(feed, 2) == ["a", None]
        with hub.subscribed() as feed:
            assert await kinds(feed, 1) == [None]

    run(body)


def test_publishing_before_and_after_the_loop_does_nothing() -> None:
    hub = Hub()
    hub.publish("a", {})

    async def body() -> None:
        hub.open()

    asyncio.run(body())
    hub.publish("b", {})


def test_500_listeners_all_get_everything() -> None:
    async def body(hub: Hub) -> None:
        async def listen() -> int:
            size = 0
            with hub.subscribed() as feed:
                while (event := await feed.next(LIMIT_S)) is not None:
                    size += len(event.encoded())
            return size

        listeners = [asyncio.create_task(listen()) for _ in range(500)]
        await asyncio.sleep(0)
        for number in range(20):
            hub.publish("plugin", {"number": number})
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        hub.close()
        sizes = {await one for one in listeners}
        assert len(sizes) == 1
        assert sizes.pop() > 20 * 40

    run(body)


class Stream:
    """Reads the response to one request for events, without a network."""

    def __init__(self, served: Served, query: str = "", scope: Scope = Scope.READ) -> None:
        token = served.headers(scope)["Authorization"]
        self.text = ""
        self._served = served
        self._scope = {
            "type": "http",
            "method": "GET",
            "path": f"{PREFIX}/events",
            "raw_path": b"",
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), (b"authorization", token.encode())],
            "scheme": "http",
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
            "state": {},
        }

    async def read(self, until: str, begun: Callable[[], Any] = lambda: None) -> dict[str, Any]:
        """Call ``begun`` when the response has begun, and read until this text; returns the last event's data."""
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            self.text += message.get("body", b"").decode()
            if "retry" in message.get("body", b"").decode():
                await asyncio.to_thread(begun)
            if until in self.text:
                gone.set()

        async with asyncio.timeout(LIMIT_S):
            await self._served.client.app(self._scope, receive, cast("Any", send))
        found: dict[str, Any] = json.loads(self.text.rpartition("data: ")[2].partition("\n")[0])
        return found


def listen(served: Served, query: str, until: str, begun: Callable[[], Any]) -> dict[str, Any]:
    """Read events on the site's own loop, that of its client."""
    portal = served.client.portal
    assert portal is not None
    return portal.call(Stream(served, query).read, until, begun)


def test_what_happens_is_told(served: Served, put: Callable[..., Path]) -> None:
    put("a.mp3")

    def scan() -> None:
        served.host.scans.start(str(served.folder))

    def add() -> None:
        served.client.post(f"{PREFIX}/libraries", json={"path": str(served.folder)}, headers=served.headers())

    def crash() -> None:
        old, new = PluginState.RUNNING, PluginState.CRASHED
        served.host.hook.plugin_state_changed(plugin_id="reader", old=old, new=new, reason="exit status 1")

    assert listen(served, "about=reader", "event: plugin", crash)["state"] == "crashed"
    assert listen(served, "kinds=library", "event: library", add)["operation"] == "library_add"
    done = listen(served, "kinds=scan", '"ended"', scan)
    assert (done["status"], done["progress"]["seen"]) == ("completed", 1)


def test_a_revoked_token_ends_the_stream(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    name = f"of-{Scope.READ}"
    portal = served.client.portal
    assert portal is not None
    stream = Stream(served)
    with pytest.raises(json.JSONDecodeError):  # it ends by itself, without an event
        portal.call(stream.read, "never", lambda: served.site.accounts.tokens.revoke(name))


def test_a_revoked_token_ends_a_stream_that_is_never_silent(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.2)
    told = threading.Event()
    portal = served.client.portal
    assert portal is not None

    def talk() -> None:
        while not told.wait(0.01):
            served.site.hub.publish("plugin", {})

    def begin() -> None:
        served.site.accounts.tokens.revoke(f"of-{Scope.READ}")
        talking.start()

    talking = threading.Thread(target=talk)
    try:
        portal.call(Stream(served).read, "never", begin)  # it ends by itself
    finally:
        told.set()
        talking.join(60)


def test_unknown_kinds_and_too_many_listeners_are_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def status(query: str) -> int:
        return served.client.get(f"{PREFIX}/events?{query}", headers=served.headers()).status_code

    assert status("kinds=plugin,nothing") == 422
    monkeypatch.setattr(events, "MOST", 0)
    assert status("") == 503


def test_an_event_is_one_whatever_is_in_it(served: Served) -> None:
    event = Event("1", "log", "", json.dumps({"message": "a\n\ndata: b\r\n"}).encode())
    assert event.encoded().count(b"\n") == 4
