"""Builds the ASGI application of a site: the routes of all parts behind the guards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from viewra.web import access, api, pages, plugins
from viewra.web.access.middleware import AccessMiddleware
from viewra.web.guards import HeadersMiddleware, ProblemsMiddleware
from viewra.web.site import Site
from viewra.web.targets import TargetMiddleware


def build(site: Site) -> Starlette:
    """The application. It opens the site when it starts, and closes it when it ends, but never the host."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        site.open()
        try:
            yield
        finally:
            site.close()

    app = Starlette(
        routes=[
            Route("/", _home),
            *access.routes(site),
            *api.routes(site),
            *pages.routes(site),
            *plugins.routes(site),  # last: no page of a plugin may take the place of the host's
        ],
        middleware=[
            Middleware(TargetMiddleware),
            Middleware(HeadersMiddleware, site.exposure),
            Middleware(ProblemsMiddleware, site.exposure),
            Middleware(AccessMiddleware),
        ],
        exception_handlers={HTTPException: _pass_on},
        lifespan=lifespan,
    )
    app.state.site = site
    return app


async def _home(_request: Request) -> Response:
    return RedirectResponse("/admin/", 307)


async def _pass_on(_request: Request, error: Exception) -> Response:
    """Leave it to ``ProblemsMiddleware``, which answers all errors in one way."""
    raise error
