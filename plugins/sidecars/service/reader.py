"""Reads one sidecar file with the module for its format, and leaves out empty fields."""

from __future__ import annotations

import os
from collections.abc import Iterator

from viewra.types.values import Value

from . import covers, cue, lyrics, nfo, playlists, subtitles
from .folder import Folder
from .formats import ENDINGS, PICTURES, ending
from .limits import Limits
from .source import SidecarError, read_pieces

PICTURE_BYTES = 64 << 20
"""Bytes that a cover may have."""


def read(path: str, limits: Limits) -> dict[str, Value]:
    """Return all known fields of the file at ``path``, whose extension determines its format.

    A picture that is not a cover, and a file with any other extension, has no fields.
    Raises only ``SidecarError``, for any defect of the file.
    """
    name = os.path.basename(path)  # noqa: PTH119 - names may be any bytes
    if "\0" in path:
        raise SidecarError("cannot be opened: its path has a NUL")
    folder = Folder(path, limits)
    kind = ENDINGS.get(ending(name), "")
    if kind:
        fields = {"sidecar_format": ending(name)[1:].replace("m3u8", "m3u")} | _fields(path, name, kind, folder, limits)
    elif os.path.isfile(path):  # noqa: PTH113
        fields = covers.read(name, folder, limits) if ending(name) in PICTURES else {}
    else:
        raise SidecarError("cannot be opened: no such file")
    return {field: value for field, value in fields.items() if value}


def read_cover(path: str) -> tuple[str, Iterator[bytes]]:
    """Return what a cover shows, and its content in pieces; "" and no piece for any other file.

    Raises ``SidecarError``, which reading the pieces does, too.
    """
    name = os.path.basename(path)  # noqa: PTH119 - names may be any bytes
    kind = covers.kind_of(name) if ending(name) in PICTURES else ""
    return kind, read_pieces(path, PICTURE_BYTES) if kind else iter(())


def _fields(path: str, name: str, kind: str, folder: Folder, limits: Limits) -> dict[str, Value]:
    match kind:
        case "cue":
            return cue.read(path, folder, limits)
        case "m3u" | "pls" | "xspf":
            return playlists.read(path, kind, folder, limits)
        case "lrc":
            return lyrics.read(path, name, folder, limits)
        case "nfo":
            return nfo.read(path, name, folder, limits)
        case _:
            return subtitles.read(path, name, kind, folder, limits)
