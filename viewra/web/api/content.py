"""The bytes of a media file: only of files that are in the library, with ranges."""

from __future__ import annotations

import os

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.errors import NotFound
from viewra.library import display
from viewra.library.content import Content, FileGone
from viewra.types import MAX_ID
from viewra.web.access import Scope, require
from viewra.web.api.endpoints import PREFIX
from viewra.web.media import HARMLESS, MediaResponse, opened
from viewra.web.site import Site, site_of


async def content(request: Request) -> Response:
    """The file, or the part that ``Range`` names; 404 for one that is not in the library, 410 for one that is lost."""
    require(request, Scope.READ)
    found = await _find(site_of(request), request.path_params["media_file_id"])
    name = display(os.path.basename(found.path))  # noqa: PTH119 (a text with surrogates)
    response = MediaResponse(found.file, found.status, HARMLESS, media_type=found.mime_type, name=name)
    return response.unless_known(request)


async def _find(site: Site, media_file_id: int) -> Content:
    if not 1 <= media_file_id <= MAX_ID:
        raise NotFound(f"there is no file with the id {media_file_id}")
    try:
        return await opened(site, media_file_id)
    except FileGone as error:
        raise HTTPException(410, error.message) from error
    except OSError as error:
        raise HTTPException(503, f"the file {media_file_id} cannot be read: {error.strerror}") from error


ROUTES = (Route(f"{PREFIX}/files/{{media_file_id:int}}/content", content, methods=["GET"]),)
