"""Pictures in pages: small ones, and nothing to be seen where there is none, since a tile is behind each."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.errors import NotFound
from viewra.web import pictures
from viewra.web.pages.desk import Desk
from viewra.web.pages.requests import id_of
from viewra.web.work import Busy

_KINDS = frozenset({"albums", "artists", "files", "series"})
_NOTHING = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""A GIF of one transparent pixel."""
_KEPT = {"cache-control": "private, max-age=300", "vary": "Cookie"}


def routes(desk: Desk) -> Sequence[Route]:
    """The route of pictures."""
    return [desk.get("/admin/picture/{what}/{number:int}", show)]


async def show(desk: Desk, request: Request) -> Response:
    """The picture of an album, artist, file or series, in one of a few sizes."""
    what = request.path_params["what"]
    if what not in _KINDS:
        raise HTTPException(404, f"{what} have no pictures")
    asked = pictures.wanted(request, what, id_of(request, "number"))
    try:
        found = await desk.site.run_picture(pictures.find, desk.site, asked)
    except NotFound:
        return Response(_NOTHING, headers=_KEPT, media_type="image/gif")
    except Busy:  # a disk or a plugin takes long: the next look at the page may show it
        return Response(_NOTHING, headers={"cache-control": "no-store"}, media_type="image/gif")
    return pictures.sent(found, _KEPT).unless_known(request)
