"""Passes a request on to a plugin's process and its response back to the client, as both arrive."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import attrs
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Send

from viewra.codec.http import check_headers
from viewra.codec.rpc import InvalidValue
from viewra.errors import PluginError
from viewra.host.plugin import Plugin
from viewra.text import clean
from viewra.types import RequestHead, ResponseHead, ResponsePart
from viewra.web.plugins.body import Body, Limits
from viewra.web.plugins.conversation import MOST_S, Conversation, Gone, NoResponse, Patience
from viewra.web.plugins.failures import BadGateway, translated
from viewra.web.plugins.fragments import cleaned
from viewra.web.plugins.headers import BadRedirect, Pairs, check_redirect, to_client, to_plugin
from viewra.web.plugins.sending import send_named
from viewra.web.site import Site
from viewra.web.work import Workers

THREADS = 512
"""For all requests to plugins: far more than one plugin gets."""
AT_ONCE = 128
"""Requests to one plugin: those that it may have open by default, and as many that wait for their turn."""
FRAGMENT_BYTES = 1024 * 1024
"""A fragment is in one piece, and checked as a whole."""
_NO_BODY = frozenset({204, 304})
_LATE_S = 900.0
"""Seconds for a step on a thread; what it does has shorter deadlines, but may wait for a start with its migration."""

log = logging.getLogger("viewra.web")


class Proxy:
    """Passes requests on. ``limits`` and ``patience`` can be set by tests."""

    def __init__(self, site: Site, limits: Limits | None = None, patience: Patience | None = None) -> None:
        self._site = site
        self._limits = limits or Limits()
        self._patience = patience
        self._workers = Workers(THREADS)
        self._at_once: Counter[str] = Counter()

    def close(self) -> None:
        """End the threads that have nothing to do."""
        self._workers.close()

    async def pass_on(
        self, request: Request, plugin: Plugin, head: RequestHead, send: Send, more: Pairs, bases: tuple[str, ...]
    ) -> None:
        """Answer ``request`` with the response of ``plugin`` to ``head``.

        ``more`` are headers that the response gets; redirects may lead to paths below ``bases``. Raises what
        ``problems`` answers, if the response has not begun, else ClientDisconnect: it breaks off.
        """
        body = Body(request, self._limits)
        small = await body.small()  # which may come slowly, and takes no place of the plugin's meanwhile
        with self._place(plugin.id):
            named = await self._answered(request, plugin, head, (body, small), send, more, bases)
        if named is not None:  # the rest is not the plugin's: those who read slowly take none of its places
            with translated(plugin.id):
                await send_named(self._site, request, plugin, *named, send)

    async def _answered(
        self,
        request: Request,
        plugin: Plugin,
        head: RequestHead,
        body: tuple[Body, bytes | None],
        send: Send,
        more: Pairs,
        bases: tuple[str, ...],
    ) -> tuple[ResponseHead, Pairs] | None:
        """Send the plugin's response; or return it with its headers if it names a file, which is still to be sent.

        Of the request's body a small one has been read.
        """
        client = plugin.http
        patience = self._patience or Patience(client.answer_s)
        call = Conversation(client, attrs.evolve(head, headers=_headers(request)), patience)
        begun = False
        try:
            with translated(plugin.id):
                async with self._response(call, *body, patience) as (answer, part):
                    headers = _response_headers(answer, plugin.id, more, bases, request.url.netloc)
                    if answer.names_a_file:
                        return answer, headers
                    begun = True
                    await self._send(call, answer, part, headers, request.method, send)
                    return None
        except HTTPException as error:
            if not begun:
                raise
            log.warning("a response was cut off: %s", error.detail)
            raise ClientDisconnect from error
        finally:
            call.close()

    async def fragment(self, request: Request, plugin: Plugin, head: RequestHead) -> Markup:
        """The harmless part of a fragment, which has to be HTML in UTF-8. Raises what ``problems`` answers."""
        with self._place(plugin.id), translated(plugin.id):
            client = plugin.http
            patience = self._patience or Patience(client.answer_s)
            call = Conversation(client, attrs.evolve(head, method="GET", headers=_headers(request)), patience)
            try:
                answer, part = await self._workers.run(_LATE_S, call.ask, b"")
                html = bytearray(part.body)
                while not part.last and len(html) <= FRAGMENT_BYTES:
                    part = await self._workers.run(_LATE_S, call.next)
                    html += part.body
            finally:
                call.close()
        kind = dict(answer.headers).get("content-type", "").partition(";")[0].strip().lower()
        if answer.status != 200 or kind != "text/html":
            raise BadGateway(502, plugin.id, f"its page is no fragment: status {answer.status}, {kind or 'no type'}")
        if len(html) > FRAGMENT_BYTES:
            raise BadGateway(
                502, plugin.id, f"its page has more than {FRAGMENT_BYTES:,} bytes, too many for a fragment"
            )
        return await self._workers.run(_LATE_S, cleaned, html.decode("utf-8", "replace"), plugin.id)

    @contextlib.asynccontextmanager
    async def _response(
        self, call: Conversation, body: Body, small: bytes | None, patience: Patience
    ) -> AsyncIterator[tuple[ResponseHead, ResponsePart]]:
        """The response's beginning; while it is used, the request's body is sent and the client is watched."""
        if small is not None:
            watching = asyncio.create_task(_watch(body, call))
            try:
                yield await self._workers.run(_LATE_S, call.ask, small)
            finally:
                watching.cancel()
            return
        await self._workers.run(_LATE_S, call.begin)
        sending = asyncio.create_task(self._pump(body, call))
        try:
            try:
                first = await self._workers.run(_LATE_S, call.first, patience.answer_s + self._limits.idle_s)
            except (Gone, NoResponse, PluginError):
                if body.problem is not None:
                    raise body.problem from None
                raise
            yield first
        finally:
            sending.cancel()

    async def _pump(self, body: Body, call: Conversation) -> None:
        """Send the body as it arrives, then watch the client."""
        try:
            async for piece, last in body.pieces():
                if not await self._workers.run(_LATE_S, call.send, piece, last=last):
                    break  # the plugin has answered without it
        except (HTTPException, ClientDisconnect):
            call.close()
            return
        except (PluginError, Gone):
            return  # the response tells it
        except Exception:
            log.exception("the body of a request to a plugin could not be sent")
            call.close()
            return
        await _watch(body, call)

    async def _send(
        self, call: Conversation, answer: ResponseHead, part: ResponsePart, headers: Pairs, method: str, send: Send
    ) -> None:
        bodiless = method == "HEAD" or answer.status in _NO_BODY
        if part.last and not bodiless:
            headers = (*headers, ("content-length", str(len(part.body))))
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        async with self._ending(call, headers) as closes:
            while not (bodiless or part.last):
                if part.body:
                    await send({"type": "http.response.body", "body": part.body, "more_body": True})
                try:
                    part = await self._workers.run(_LATE_S, call.next)
                except Gone:
                    if not closes.is_set():
                        raise
                    part = ResponsePart(last=True)
        await send({"type": "http.response.body", "body": b"" if bodiless else part.body, "more_body": False})

    @contextlib.asynccontextmanager
    async def _ending(self, call: Conversation, headers: Pairs) -> AsyncIterator[asyncio.Event]:
        """End events when the site closes, which sets the event: by themselves they would go on, and hold it up."""
        closes = asyncio.Event()
        if not dict(headers).get("content-type", "").lower().startswith("text/event-stream"):
            yield closes
            return

        async def watch() -> None:
            with self._site.hub.subscribed(lambda _: False) as feed:  # it wants nothing, so only the end comes
                await feed.next(2 * MOST_S)
            closes.set()
            call.close()

        watching = asyncio.create_task(watch())
        try:
            yield closes
        finally:
            watching.cancel()

    @contextmanager
    def _place(self, plugin_id: str) -> Iterator[None]:
        if self._at_once[plugin_id] >= AT_ONCE:
            raise BadGateway(503, plugin_id, "too many requests are open", {"Retry-After": "1"})
        self._at_once[plugin_id] += 1
        try:
            yield
        finally:
            self._at_once[plugin_id] -= 1


async def _watch(body: Body, call: Conversation) -> None:
    """End the call when the client goes away."""
    await body.gone()
    call.close()


def _headers(request: Request) -> Pairs:
    headers = to_plugin((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
    try:
        return check_headers(headers)
    except InvalidValue as error:
        raise HTTPException(431, f"the request's headers cannot be passed on: {error}") from error


def _response_headers(answer: ResponseHead, plugin_id: str, more: Pairs, bases: tuple[str, ...], host: str) -> Pairs:
    headers = to_client(answer.headers)
    location = next((value for name, value in headers if name == "location"), None)
    if location is not None:
        try:
            check_redirect(answer.status, location, bases, host)
        except (BadRedirect, ValueError) as error:
            raise BadGateway(502, plugin_id, f"redirects to {clean(location, 200)}, where it must not") from error
    given = {name for name, _ in more}
    return (*((name, value) for name, value in headers if name not in given), *more)
