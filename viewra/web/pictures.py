"""Finds the picture that a request asks for, and sends it: for the API and for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from starlette.requests import Request

from viewra.assets.choosing import ARTIST, FRONT, Chosen
from viewra.assets.kinds import kind_of
from viewra.errors import NotFound
from viewra.host.admin.dispatch import BadArguments
from viewra.host.artwork import Picture
from viewra.types import MAX_ID
from viewra.web.media import HARMLESS, MediaResponse
from viewra.web.site import Site

MAX_SIZE = 4096
_ARGUMENTS = frozenset({"size", "kind"})
SHOWN = frozenset({
    "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp", "image/tiff", "image/heic",
})  # fmt: skip
"""Types that are sent as what they are; anything else as a stream of bytes."""


@attrs.frozen
class Wanted:
    """A picture of an album, artist, file or series: its kinds, the best first, and its size, 0 for as it is."""

    what: str
    number: int
    kinds: Sequence[str]
    size: int = 0


def wanted(request: Request, what: str, number: int) -> Wanted:
    """What a request's query asks for. Raises BadArguments and UsageError."""
    query = request.query_params
    if unknown := sorted(query.keys() - _ARGUMENTS):
        raise BadArguments(f"there is no argument {unknown[0]}"[:200])
    size = query.get("size", "0")
    if not (size.isascii() and size.isdigit() and int(size[:8]) <= MAX_SIZE):
        raise BadArguments(f"size must be a whole number from 0 to {MAX_SIZE}")
    kinds = (kind_of(query["kind"]),) if "kind" in query else ARTIST if what == "artists" else FRONT
    return Wanted(what, number, kinds, int(size))


def find(site: Site, asked: Wanted) -> Picture:
    """The picture; the caller closes its file. May wait for a plugin. Raises NotFound."""
    if not 1 <= asked.number <= MAX_ID:
        raise NotFound(f"there is nothing with the id {asked.number}")
    artwork = site.host.artwork
    choose = {
        "albums": artwork.choosing.of_album,
        "artists": artwork.choosing.of_artist,
        "files": artwork.choosing.of_file,
        "series": artwork.choosing.of_series,
    }[asked.what]
    chosen: Chosen | None = choose(asked.number, asked.kinds)
    return artwork.picture(chosen, asked.size)


def sent(picture: Picture, headers: Mapping[str, str] | None = None) -> MediaResponse:
    """The response with a picture."""
    said = {**HARMLESS, **(headers or {}), "etag": f'"{picture.tag}"'}
    media_type = picture.media_type if picture.media_type in SHOWN else "application/octet-stream"
    return MediaResponse(picture.file, picture.status, said, media_type=media_type)
