"""``/api/v1/events``: what happens, as server-sent events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from viewra.errors import ViewraError
from viewra.web import access
from viewra.web.access.middleware import identify
from viewra.web.api.arguments import refuse_unknown
from viewra.web.api.endpoints import PREFIX
from viewra.web.live.hub import Event, Hub
from viewra.web.site import site_of

KINDS = {
    "plugin": "a plugin's state has changed",
    "log": "a plugin has logged a record",
    "scan": "a scan has made progress, was paused, or has ended",
    "library": "libraries, or what is known of their files, have changed",
    "package": "a package of a plugin is being downloaded or uploaded",
    "change": "an operator has changed something else",
}
HEARTBEAT_S = 15.0
"""Seconds without an event after which a comment shows that the connection lives."""
STALLED_S = 20.0
"""Seconds in which a listener must read what was sent; a slower one is cut (``serving.connections``)."""
MOST = 1000
"""Listeners at the same time."""


async def events(request: Request) -> Response:
    """The events of some kinds (``kinds=plugin,scan``; all but log without it), or ``about`` one plugin or scan.

    ``Last-Event-ID``, or ``after``, is the id of the last event that the listener has.
    """
    access.require(request, access.Scope.READ)
    refuse_unknown(request.query_params, ("kinds", "about", "after"))
    hub = site_of(request).hub
    asked = request.query_params.get("kinds")
    kinds = frozenset(asked.split(",")) if asked else frozenset(KINDS) - {"log"}
    if unknown := sorted(kinds - KINDS.keys()):
        raise HTTPException(422, f"there are no events of the kind {unknown[0]!r}; there are {', '.join(KINDS)}")
    if hub.listeners >= MOST:
        raise HTTPException(503, "there are too many listeners", {"Retry-After": "30"})
    about = request.query_params.get("about", "")

    def wanted(event: Event) -> bool:
        return event.kind in kinds and about in {"", event.about}

    async def is_allowed() -> bool:
        try:
            identity, _ = await identify(request)
        except HTTPException:
            return False
        except ViewraError:  # the database is busy: the next time tells
            return True
        return identity is not None

    after = request.headers.get("last-event-id") or request.query_params.get("after")
    request.state.stalled_s = STALLED_S
    return EventStream(hub, wanted, after, is_allowed)


class EventStream(Response):
    """The events of a feed, until the listener leaves, is too slow, or the site closes."""

    def __init__(
        self,
        hub: Hub,
        wanted: Callable[[Event], bool],
        after: str | None,
        is_allowed: Callable[[], Awaitable[bool]],
    ) -> None:
        """``is_allowed`` is asked now and then: a session or token may end meanwhile."""
        super().__init__(media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._wanted = wanted
        self._after = after
        self._is_allowed = is_allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._until_gone, receive, group.cancel_scope)
            await self._send(scope, send)
            group.cancel_scope.cancel()

    async def _send(self, scope: Scope, send: Send) -> None:
        with self._hub.subscribed(self._wanted, after=self._after) as feed:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            text: bytes | None = b"" if scope["method"] == "HEAD" else b"retry: 2000\n\n"
            checked = anyio.current_time()
            while text:
                await send({"type": "http.response.body", "body": text, "more_body": True})
                try:
                    event = await feed.next(HEARTBEAT_S)
                except TimeoutError:
                    text = b": \n\n"
                else:
                    text = event.encoded() if event is not None else None
                if anyio.current_time() - checked >= HEARTBEAT_S:  # also while there is always something to tell
                    checked = anyio.current_time()
                    text = text if await self._is_allowed() else None
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    @staticmethod
    async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()


ROUTES = (Route(f"{PREFIX}/events", events, methods=["GET"]),)
