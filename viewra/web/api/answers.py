"""Answers requests by the table of endpoints."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from viewra import library
from viewra.web.access import Identity, Scope, require
from viewra.web.access.asking import Refused
from viewra.web.api.arguments import read
from viewra.web.api.endpoints import ENDPOINTS, PREFIX, Endpoint
from viewra.web.api.shapes import encoded
from viewra.web.media import is_known
from viewra.web.site import Site, site_of

log = logging.getLogger("viewra.web")


def routes() -> Sequence[BaseRoute]:
    """A route for each path, with all its methods."""
    by_path: dict[str, dict[str, Endpoint]] = defaultdict(dict)
    for endpoint in ENDPOINTS:
        by_path[endpoint.path][endpoint.method] = endpoint
    return [Route(PREFIX + path, _Answers(methods)) for path, methods in by_path.items()]


class _Answers:
    """The endpoints of one path, as an ASGI application."""

    def __init__(self, methods: Mapping[str, Endpoint]) -> None:
        self._methods = methods

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        """Answer one request."""
        request = Request(scope, receive)
        method = "GET" if request.method == "HEAD" else request.method
        endpoint = self._methods.get(method)
        if endpoint is None:
            allowed = ", ".join(sorted({*self._methods, *(["HEAD"] if "GET" in self._methods else [])}))
            raise HTTPException(405, f"{request.method} is not possible here", {"Allow": allowed})
        response = await _answer(request, endpoint)
        await response(scope, receive, send)


async def _answer(request: Request, endpoint: Endpoint) -> Response:
    site = site_of(request)
    identity = require(request, endpoint.scope)
    arguments = await read(request, endpoint)
    if endpoint.guarded & arguments.keys():
        require(request, Scope.ADMIN)

    if endpoint.counted:
        stats, age_s = await site.stats.recent()
        return matched(request, encoded(stats), {"Age": f"{age_s:.0f}"})

    def work() -> bytes:
        _require_known(site, identity, endpoint, arguments)
        value = site.host.dispatch.run(endpoint.operation, arguments)
        return encoded(value[0] if endpoint.single else value)

    body = await site.operate(endpoint.operation, work, long=endpoint.long)
    if endpoint.operation.changes:
        log.info("%s %s by the %s %s", request.method, request.url.path, identity.kind, identity.name)
    if endpoint.status == 204:
        return Response(status_code=204)
    return matched(request, body) if endpoint.method == "GET" else _json(body, endpoint.status)


def _require_known(site: Site, identity: Identity, endpoint: Endpoint, arguments: Mapping[str, object]) -> None:
    """Only an admin makes a folder a library: what is in it can be read through the API."""
    path = arguments.get(endpoint.known)
    if not isinstance(path, str) or identity.scope.includes(Scope.ADMIN):
        return
    if not library.is_in_library(site.host.engine, path):
        raise Refused(
            f"{library.display(path)} is in no library, and only an admin adds one",
            "add it first: viewra library add PATH",
        )


def matched(request: Request, body: bytes, more: Mapping[str, str] | None = None) -> Response:
    """JSON with an ETag and ``more`` headers; 304 without it if the sender has it already (If-None-Match)."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**(more or {}), "ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    return _json(body, 200, headers)


def _json(body: bytes, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status, headers, media_type="application/json")
