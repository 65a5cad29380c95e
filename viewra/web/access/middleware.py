"""Finds out who sends a request, and refuses requests that change something and look forged by another site."""

from __future__ import annotations

import hmac
import re
from urllib.parse import parse_qs, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viewra.web import bodies
from viewra.web.access.asking import Refused, SignInNeeded, cookies_of, csrf_token
from viewra.web.accounts.identity import Identity
from viewra.web.form_files import is_form
from viewra.web.public import split
from viewra.web.site import site_of

LARGEST_FORM = 1024 * 1024
_FIRST_FIELD = re.compile(
    rb'--[^\r\n]{1,70}\r\ncontent-disposition: form-data; name="csrf_token"\r\n\r\n([0-9a-f]+)\r\n', re.IGNORECASE
)
"""How browsers send the token in a form with a file: its field is the first one, before the file."""
_FIRST_BYTES = 1024
"""Bytes within which that field ends."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM = "application/x-www-form-urlencoded"


class AccessMiddleware:
    """Sets ``request.state.identity``, ``request.state.session`` (its secret), ``request.state.csrf`` and ``public``.

    A request to a public route of a plugin has no sender: what a browser adds to it does not count.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        site, path = site_of(request), scope["path"]
        request.state.public = bool(split(path)[0]) and await site.run(site.public.has, path)
        if request.state.public or _is_keyed(path):  # the route's own key counts, and nothing that the browser adds
            request.state.identity, request.state.session, request.state.csrf = None, "", ""
            await self._app(scope, receive, send)
            return
        request.state.identity, request.state.session = await identify(request)
        request.state.csrf = csrf_token(request)
        if scope["method"] not in _SAFE and "authorization" not in request.headers:
            receive = await _refuse_forged(request, receive)
        await self._app(scope, receive, send)


async def identify(request: HTTPConnection) -> tuple[Identity | None, str]:
    """Who sends a request, and the secret of the session if it has one; raises SignInNeeded for an unknown token."""
    site = site_of(request)
    given = request.headers.get("authorization")
    if given is not None:
        kind, _, token = given.partition(" ")
        identity = None
        if kind.lower() == "bearer":
            address = request.client.host if request.client is not None else ""
            identity = await site.run(site.accounts.by_token, token.strip(), address)
        if identity is None:
            raise SignInNeeded("the token is not known, or was revoked")
        return identity, ""
    for cookie in cookies_of(site):
        if session := request.cookies.get(cookie, ""):
            identity = await site.run(site.accounts.session, session)
            if identity is not None:
                return identity, session
    return None, ""


def _is_keyed(path: str) -> bool:
    """Whether a plugin's page in its sandbox asks: ``/admin/plugins/<id>/-/<key>/…``."""
    steps = path.split("/", 6)
    return len(steps) > 6 and steps[1:3] == ["admin", "plugins"] and steps[4] == "-" and steps[5] != ""


async def _refuse_forged(request: Request, receive: Receive) -> Receive:
    """Raise Refused for a forged request; returns the ``receive`` for its body, which may have been read."""
    hint = "reload the page and try again; programs send a token instead of a cookie"
    if not _is_of_this_site(request):
        raise Refused("a page of another site sent this request", hint)
    expected = request.state.csrf
    if not expected:  # without a session there is nothing to forge
        return receive
    given, kind = request.headers.get("x-csrf-token", ""), request.headers.get("content-type", "")
    if not given and kind.partition(";")[0].strip().lower() == _FORM:
        body = await bodies.whole(receive, LARGEST_FORM, "a form")
        given = parse_qs(body.decode("utf-8", "replace")).get("csrf_token", [""])[-1]
        receive = _again({"type": "http.request", "body": body, "more_body": False}, receive)
    elif not given and is_form(kind):
        first = await bodies.beginning(receive, _FIRST_BYTES, "a form")
        found = _FIRST_FIELD.match(first["body"])
        given = found[1].decode() if found is not None else ""
        receive = _again(first, receive)
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refused("the request does not come from a page of this session", hint)
    return receive


def _is_of_this_site(request: Request) -> bool:
    """Whether the browser says so; older ones say only where the page is from, and programs nothing."""
    relation, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if relation is not None:
        return relation in {"same-origin", "none"}
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _again(first: Message, receive: Receive) -> Receive:
    """Give what was read, then what comes behind it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return first

    return again
