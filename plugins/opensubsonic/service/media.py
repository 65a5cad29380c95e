"""Answers the calls for bytes: songs, which the host sends itself, and pictures."""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import quote

from viewra.sdk.http import Response

from .calls import Answer, Call, answers
from .failures import not_found
from .ids import ALBUM, ARTIST, FILE_PLAYLIST, PLAYLIST, SONG, number, read

_LARGEST = 4096
_KEPT = {"cache-control": "private, max-age=86400"}  # covers hardly change, and players ask for many


@answers("stream")
def stream(call: Call) -> Answer:
    """A song as it is: other formats and bit rates are not made."""
    return Response.media(call.catalog.song(number(call.given.required("id"), SONG)).id)


@answers("download")
def download(call: Call) -> Answer:
    """A song, to be saved under its name."""
    song = call.catalog.song(number(call.given.required("id"), SONG))
    name = quote(PurePath(song.path).name, errors="surrogateescape")
    return Response.media(song.id, {"content-disposition": f"attachment; filename*=UTF-8''{name}"})


@answers("getCoverArt")
def cover_art(call: Call) -> Answer:
    """The picture of a song, an album, an artist or a playlist, which has that of its first song."""
    kind, wanted = read(call.given.required("id"), SONG, ALBUM, ARTIST, PLAYLIST, FILE_PLAYLIST)
    size = call.given.whole("size", 0, most=_LARGEST)
    if kind == PLAYLIST:
        _, songs = call.playlists.get(call.user, wanted)
        if not songs:
            raise not_found("picture")
        kind, wanted = SONG, songs[0]
    of = {SONG: "file", FILE_PLAYLIST: "file"}.get(kind, kind)
    return Response.artwork(of, wanted, size=size, headers=_KEPT)
