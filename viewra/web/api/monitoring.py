"""What monitors and service managers ask: whether the process lives, is ready, and its metrics."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from viewra.web.access import Scope, require
from viewra.web.site import site_of


async def healthz(_request: Request) -> Response:
    """Whether the process answers at all."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """Whether it takes requests, and reaches its database; 503 if not."""
    site = site_of(request)
    if not site.ready:
        return PlainTextResponse("it is starting or ending\n", 503)
    await site.run(site.accounts.has_password)  # raises DatabaseError
    return PlainTextResponse("ready\n")


async def metrics(request: Request) -> Response:
    """The metrics of all plugins, for one with the scope read."""
    require(request, Scope.READ)
    site = site_of(request)
    text = await site.run(site.host.metrics)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")


ROUTES = (
    Route("/healthz", healthz, methods=["GET"]),
    Route("/readyz", readyz, methods=["GET"]),
    Route("/metrics", metrics, methods=["GET"]),
)
