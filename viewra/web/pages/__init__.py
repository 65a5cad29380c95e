"""The admin pages."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from viewra.web.pages import (
    assets,
    browse,
    file,
    install,
    libraries,
    overview,
    pictures,
    plugin,
    plugins,
    scans,
    settings,
    system,
    tasks,
    tokens,
)
from viewra.web.pages.desk import Desk
from viewra.web.site import Site

_PAGES = (overview, plugins, install, plugin, tasks, settings, libraries, scans, browse, file, pictures, system, tokens)


def routes(site: Site) -> Sequence[BaseRoute]:
    """The routes of the pages."""
    desk = Desk(site)
    return [*assets.ROUTES, *(route for page in _PAGES for route in page.routes(desk))]
