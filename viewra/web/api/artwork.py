"""The pictures of albums, artists, files and series, and assets by their ids."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.web import pictures
from viewra.web.access import Scope, require
from viewra.web.api.endpoints import PREFIX
from viewra.web.site import site_of

TARGETS = {"albums": "album_id", "artists": "artist_id", "files": "media_file_id", "series": "series_id"}
"""What has artwork, and the name of its id."""


def _of(what: str) -> Callable[[Request], Awaitable[Response]]:
    async def artwork(request: Request) -> Response:
        require(request, Scope.READ)
        asked = pictures.wanted(request, what, request.path_params["number"])
        site = site_of(request)
        found = await site.run_picture(pictures.find, site, asked)
        return pictures.sent(found).unless_known(request)

    return artwork


async def asset(request: Request) -> Response:
    """An asset, or the part that ``Range`` names."""
    require(request, Scope.READ)
    site = site_of(request)
    found = await site.run(site.host.artwork.asset, request.path_params["asset_id"])
    return pictures.sent(found).unless_known(request)


ROUTES = (
    *(Route(f"{PREFIX}/{what}/{{number:int}}/artwork", _of(what), methods=["GET"]) for what in TARGETS),
    Route(f"{PREFIX}/assets/{{asset_id}}/content", asset, methods=["GET"]),
)
