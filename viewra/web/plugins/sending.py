"""Sends a file that a plugin named in its response: the host reads it, with ranges, and the plugin sees no byte."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Send

from viewra.assets.choosing import ARTIST, FRONT
from viewra.errors import NotFound, UsageError
from viewra.host.installed.grants import LIBRARY
from viewra.host.plugin import Plugin
from viewra.library.content import FileGone
from viewra.text import clean
from viewra.types import ResponseHead
from viewra.web.media import MediaResponse, opened
from viewra.web.pictures import Wanted, find, sent
from viewra.web.plugins.headers import Pairs
from viewra.web.site import Site

_FROM_THE_FILE = frozenset({"content-range", "accept-ranges", "content-encoding", "etag", "last-modified"})
_LISTED = {"album": "albums", "artist": "artists", "file": "files", "series": "series"}


def _may_read_library(plugin: Plugin) -> bool:
    return any(one.name == LIBRARY and one.granted for one in plugin.permissions)


async def send_named(
    site: Site, request: Request, plugin: Plugin, answer: ResponseHead, headers: Pairs, send: Send
) -> None:
    """Send the file that a plugin's response names.

    Raises NotFound for one that the host does not have, or not now, or that the plugin may not show to everybody, and
    HTTPException 404 where there is no artwork.
    """
    if request.state.public and not answer.asset_id and not await site.run(_may_read_library, plugin):
        raise NotFound(f"it shows what is in the library to everybody, for which it needs {LIBRARY}")
    kept = {name: value for name, value in headers if name not in _FROM_THE_FILE}
    if answer.asset_id:
        try:
            asset = await site.run(site.host.artwork.asset, answer.asset_id)
        except NotFound as error:
            raise NotFound(f"it names the asset {clean(answer.asset_id, 100)}, which the host does not have") from error
        await sent(asset, kept).unless_known(request)(request.scope, request.receive, send)
        return
    if answer.artwork is not None:
        of, number, size = answer.artwork.of, answer.artwork.id, answer.artwork.size
        asked = Wanted(_LISTED[of], number, ARTIST if of == "artist" else FRONT, size)
        try:
            picture = await site.run_picture(find, site, asked)
        except NotFound as error:  # which is no failure of the plugin's, as many things have none
            raise HTTPException(404, error.message) from error
        await sent(picture, kept).unless_known(request)(request.scope, request.receive, send)
        return
    name = f"the media file {answer.media_file_id}"
    try:
        found = await opened(site, answer.media_file_id)
    except UsageError as error:
        raise NotFound(f"it names {name}, which the library does not have") from error
    except FileGone as error:
        raise NotFound(f"it names {name}, which is missing") from error
    except OSError as error:
        raise NotFound(f"it names {name}, which cannot be read: {error.strerror}") from error
    media_type = kept.get("content-type", found.mime_type)
    response = MediaResponse(found.file, found.status, kept, media_type=media_type)
    await response.unless_known(request)(request.scope, request.receive, send)
