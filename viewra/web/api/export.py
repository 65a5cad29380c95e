"""``/api/v1/export``: all files that a query asks for, with their metadata, as they are read."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator, Mapping

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from viewra.host.admin.dispatch import BadArguments
from viewra.library.exporting import FORMS, Form, exported
from viewra.text import encodable
from viewra.web.access import Scope, require
from viewra.web.api.arguments import refuse_unknown
from viewra.web.api.endpoints import PREFIX
from viewra.web.site import Site, site_of

TYPES: Mapping[Form, str] = {"json": "application/json", "csv": "text/csv", "m3u8": "application/vnd.apple.mpegurl"}
"""Formats and the media types of their answers."""
LINES_A_PART = 1000


async def export(request: Request) -> Response:
    """The files, in parts of many lines: whatever their number, few are in memory at a time."""
    require(request, Scope.READ)
    given = request.query_params
    refuse_unknown(given, ("q", "format"))
    form = next((one for one in FORMS if one == given.get("format", "json")), None)
    if form is None:
        raise BadArguments(f"there is no format {given['format']!r}", hint=f"there are {', '.join(FORMS)}")
    query = given.get("q", "")
    if "\0" in query:
        raise BadArguments("an argument has a null character")
    site = site_of(request)
    lines = exported(site.host.library, query, form)
    first = await site.run(_part, lines)  # raises for a query with an error
    name = {"Content-Disposition": f'attachment; filename="viewra.{form}"'}
    if request.method == "HEAD":
        return Response(None, 200, name, media_type=TYPES[form])
    return StreamingResponse(_parts(site, first, lines), 200, name, media_type=TYPES[form])


async def _parts(site: Site, first: bytes, lines: Iterator[str]) -> AsyncIterator[bytes]:
    part = first
    while part:
        yield part
        part = await site.run(_part, lines)


def _part(lines: Iterator[str]) -> bytes:
    return "".join(f"{encodable(line)}\n" for line in itertools.islice(lines, LINES_A_PART)).encode()


ROUTES = (Route(f"{PREFIX}/export", export, methods=["GET"]),)
