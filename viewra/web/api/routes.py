"""The routes of the API."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from viewra.web.api import answers, artwork, content, events, export, monitoring, openapi, uploads
from viewra.web.site import Site


def routes(site: Site) -> Sequence[BaseRoute]:
    """All of them."""
    site.host.dispatch.offer("accounts", site.accounts)
    site.host.dispatch.offer("tokens", site.accounts.tokens)
    special = (monitoring, openapi, events, content, export, artwork, uploads)
    return [*(route for module in special for route in module.ROUTES), *answers.routes()]
