"""Guards every response: headers that bind the browser, an answer to every error, the check of the host's name."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viewra.web.access.asking import SignInNeeded
from viewra.web.problems import answer, is_for_program
from viewra.web.site import Exposure

log = logging.getLogger("viewra.web")

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No script, style or request but of this site, and none within a page's text."""

_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with no-referrer, forms would be sent with "Origin: null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
"""A response that has one of these keeps its own."""


class HeadersMiddleware:
    """Adds the headers that a response does not have itself."""

    def __init__(self, app: ASGIApp, exposure: Exposure) -> None:
        self._app = app
        self._headers = dict(_HEADERS)
        if exposure.secure:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                own_policy = "content-security-policy" in headers
                for name, value in self._headers.items():
                    if not (own_policy and name == "x-frame-options"):  # the policy has its own word on frames
                        headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_guarded)


class ProblemsMiddleware:
    """Answers every error, and refuses requests for a host that this is not: another site's page may send them."""

    def __init__(self, app: ASGIApp, exposure: Exposure) -> None:
        self._app = app
        self._hosts = exposure.hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            self._check_host(scope)
            await self._app(scope, receive, send_watched)
        except ClientDisconnect:
            pass
        except asyncio.CancelledError:  # the server ends, and has waited for this request as long as it does
            if not started:
                ending = HTTPException(503, "viewra ends, and the request was not answered in time")
                await (await answer(Request(scope), ending))(scope, receive, send)
        except Exception as error:
            if started:
                log.exception("a response broke off")
                raise
            request = Request(scope)
            if isinstance(error, SignInNeeded) and not is_for_program(request):
                asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                goal = f"?next={quote(asked)}" if request.method == "GET" else ""
                response: ASGIApp = RedirectResponse(f"/admin/sign-in{goal}", 303)
            else:
                response = await answer(request, error)
            await response(scope, receive, send)

    def _check_host(self, scope: Scope) -> None:
        """Against DNS rebinding: a name that leads here must be one that was agreed on.

        A request without a name, as of monitors that speak HTTP/1.0, is from no browser.
        """
        name = Headers(scope=scope).get("host")
        if not self._hosts or name is None:
            return
        bare = name.rpartition(":")[0] if name.rpartition(":")[2].isdecimal() and not name.endswith("]") else name
        if bare.lower().strip("[]") not in self._hosts:
            raise HTTPException(421, "this host is not known by the name in the request")
