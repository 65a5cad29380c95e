"""Plugins' own routes and pages, answered by their processes."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route

from viewra.web.declared import PAGES, ROUTES
from viewra.web.plugins.endpoints import FrameEndpoint, PageEndpoint, RouteEndpoint
from viewra.web.plugins.keys import PageKeys
from viewra.web.plugins.proxy import Proxy
from viewra.web.site import Site


def routes(site: Site, proxy: Proxy | None = None) -> Sequence[BaseRoute]:
    """The routes below which plugins answer. They come after the host's own pages of a plugin."""
    proxy = proxy or Proxy(site)
    site.at_close(proxy.close)
    keys = PageKeys()
    frame = FrameEndpoint(site, proxy, keys)
    return [
        Route(ROUTES + "/{plugin_id}/{path:path}", RouteEndpoint(site, proxy)),
        Route(PAGES + "/{plugin_id}/-/{key}/{path:path}", PageEndpoint(site, proxy, keys)),
        Route(PAGES + "/{plugin_id}/{path:path}", frame.show, methods=["GET"]),
    ]
