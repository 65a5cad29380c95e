"""Reads one sidecar file: has the module for its format read it, and leaves out what is empty."""

from __future__ import annotations

import os

from viewra.types.values import Value

from . import covers, cue, lyrics, nfo, playlists, subtitles
from .folder import Folder
from .formats import ENDINGS, PICTURES, ending
from .limits import Limits
from .source import SidecarError


def read(path: str, limits: Limits) -> dict[str, Value]:
    """Return all fields of the file at ``path``; what it is, its name's ending says. A field not known is absent.

    A picture that is no cover, and a file with any other ending, has none.

    Raises ``SidecarError`` for everything that is wrong with the file, and nothing else.
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
