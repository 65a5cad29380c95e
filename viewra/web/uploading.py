"""Receives an archive that a client uploads, as a request's body or as a file in a form: to the disk, as it comes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

import attrs
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from viewra.errors import NotFound, ViewraError
from viewra.host.admin import upload_operations
from viewra.host.admin.operation import OPERATIONS
from viewra.host.admin.packages import disk_errors
from viewra.host.admin.values import Preview
from viewra.host.packages.sources import LARGEST
from viewra.host.packages.uploads import LASTS_S
from viewra.web.form_files import BadForm, FormFile, is_form
from viewra.web.site import Site, site_of

IDLE_S, TOTAL_S = 30.0, 900.0
"""Seconds without a byte, and for a whole upload."""
_BLOCK = 1 << 20
_AROUND = 64 * 1024
"""Bytes that a form may have around its file."""


@attrs.frozen
class Uploaded:
    """A package that was uploaded and checked, but not installed: ``upload_id`` is the SHA-256 of its archive."""

    upload_id: str
    package: Preview


async def receive(request: Request) -> Uploaded:
    """Keep the archive in a request, unless it is no package of a plugin.

    Raises HTTPException 400 for a form without a file, 408, 413 and 503, ClientDisconnect, UsageError and ManifestError
    for an archive that is refused, and ViewraError for a disk that is full.
    """
    site = site_of(request)
    upload_id = await _receive(request, site)
    look = OPERATIONS[upload_operations.upload_preview.__name__]
    try:
        package = await site.operate(look, partial(site.host.dispatch.run, look, {"upload_id": upload_id}), long=True)
    except ViewraError:
        with contextlib.suppress(NotFound):
            site.host.dispatch.packages.uploads.discard(upload_id)
        raise
    return Uploaded(upload_id, package)


async def _receive(request: Request, site: Site) -> str:
    """Returns the SHA-256 under which the archive is kept."""
    packages, places = site.host.dispatch.packages, site.uploads
    stated = _stated(request)
    if stated is not None and stated > LARGEST + _AROUND:
        raise _too_large()
    if places.locked():
        raise HTTPException(503, "other packages are being uploaded", {"Retry-After": "10"})
    async with places:
        with disk_errors(), packages.arrivals.of("") as told:
            arriving, count = _Arriving(request), 0
            incoming = await site.run(packages.uploads.begin)
            try:
                async for block in arriving:
                    count += len(block)
                    if count > LARGEST:
                        raise _too_large()
                    await site.run(incoming.write, block)
                    told(count, stated)
                kept = await site.run(packages.uploads.keep, incoming, arriving.name)
            except BaseException:
                incoming.drop()
                raise
        asyncio.get_running_loop().call_later(LASTS_S + 1, packages.uploads.forget_old)
        return kept


class _Arriving:
    """The bytes of the archive in a request, in blocks; ``name`` is that of its file, once all are here."""

    def __init__(self, request: Request) -> None:
        self._request = request
        kind = request.headers.get("content-type", "")
        try:
            self._form = FormFile(kind) if is_form(kind) else None
        except BadForm as error:
            raise HTTPException(400, str(error)) from error
        self.name = request.query_params.get("name", "")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks. Raises what ``receive`` does."""
        block = bytearray()
        try:
            async for piece in self._pieces():
                block += piece if self._form is None else self._form.feed(piece)
                if len(block) >= _BLOCK:
                    yield bytes(block)
                    block.clear()
            if self._form is not None:
                self.name = self._form.end()
        except BadForm as error:
            raise HTTPException(400, str(error)) from error
        yield bytes(block)

    async def _pieces(self) -> AsyncIterator[bytes]:
        until, more = asyncio.get_running_loop().time() + TOTAL_S, True
        while more:
            try:
                async with asyncio.timeout_at(min(until, asyncio.get_running_loop().time() + IDLE_S)):
                    message = await self._request.receive()
            except TimeoutError as error:
                closing = {"Connection": "close"}  # else the rest of the body would be waited for
                late = f"a package must arrive within {TOTAL_S:g} s, without a break of {IDLE_S:g} s"
                raise HTTPException(408, late, closing) from error
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            yield message.get("body", b"")
            more = message.get("more_body", False)


def _stated(request: Request) -> int | None:
    stated = request.headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdecimal() else None


def _too_large() -> HTTPException:
    return HTTPException(413, f"a package has at most {LARGEST:,} bytes", {"Connection": "close"})
