"""Sends media files and pictures: what the host has opened and checked, with ranges."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from viewra.library.content import Content, open_content
from viewra.web.site import Site

HARMLESS = {
    "content-security-policy": "default-src 'none'; sandbox",  # a script in it, as SVG may have, does not run
    "cache-control": "private, no-cache",
    "vary": "Authorization, Cookie",
}
"""Headers of what the host did not write."""
_OF_THE_BODY = frozenset({"content-length", "content-type", "content-disposition", "content-range", "accept-ranges"})
_RANGES = {400: "the header Range cannot be read", 416: "there is no such part: see Content-Range"}


class MediaResponse(FileResponse):
    """An open file, which it closes after it has been sent.

    ``name`` is offered for saving it.
    """

    def __init__(
        self,
        file: io.FileIO,
        status: os.stat_result,
        headers: Mapping[str, str],
        *,
        media_type: str,
        name: str | None = None,
    ) -> None:
        self._file = file
        super().__init__(
            f"/proc/self/fd/{file.fileno()}",  # by its path, another file might be found now
            headers=headers,
            media_type=media_type,
            filename=name,
            stat_result=status,
            content_disposition_type="inline",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or the part that ``Range`` names. Raises HTTPException for a part that cannot be."""

        async def checked(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _RANGES:
                named = {name.decode(): value.decode() for name, value in message["headers"]}
                headers = {name: value for name, value in named.items() if name == "content-range"}
                raise HTTPException(message["status"], _RANGES[message["status"]], headers)
            await send(message)

        with self._file:
            await super().__call__(_of_bytes(scope), receive, checked)

    def unless_known(self, request: Request) -> Response:
        """Itself, or 304 if the sender has it already (If-None-Match)."""
        if not is_known(request, self.headers["etag"]):
            return self
        self._file.close()
        # With its policy, too: a browser takes the headers of this answer for those of what it has.
        kept = {name: value for name, value in self.headers.items() if name not in _OF_THE_BODY}
        return Response(status_code=304, headers=kept)


def _of_bytes(scope: Scope) -> Scope:
    """The request without a range in another unit, which has to be ignored (RFC 9110, 14.2)."""
    headers = [one for one in scope["headers"] if one[0] != b"range" or one[1].strip().lower().startswith(b"bytes=")]
    return {**scope, "headers": headers}


def is_known(request: Request, tag: str) -> bool:
    """Whether the sender has what has this ETag: ``If-None-Match`` names it, or is ``*``."""
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    return tag in known or "*" in known


async def opened(site: Site, media_file_id: int) -> Content:
    """A file of the library. Raises as ``open_content``."""
    return await site.run(open_content, site.host.engine, media_file_id, os.fsencode(site.host.data_dir.absolute()))
