"""Reads playlists (M3U, PLS and XSPF): the files that they name, and which of these exist.

It does not follow playlists in playlists, so no cycle can occur.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field

from viewra.types.values import Value

from . import texts, xml
from .folder import Folder
from .formats import is_media
from .limits import Limits
from .source import SidecarError, read_bytes, read_text

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_USER = re.compile(r"(?<=://)[^/?#]*@")
_PLS_ENTRY = re.compile(r"file(\d{1,9})\s*=\s*(.*)", re.IGNORECASE | re.ASCII)


@dataclass
class _Playlist:
    """The content of a playlist: its title, and its entries in order."""

    entries: list[str]
    fields: dict[str, str] = field(default_factory=dict)


def read(path: str, kind: str, folder: Folder, limits: Limits) -> dict[str, Value]:
    """Return the fields of a playlist of a ``kind``: "m3u", "pls" or "xspf"; raises ``SidecarError``."""
    if kind == "xspf":
        playlist = _xspf(read_bytes(path, limits), limits)
    else:
        playlist = _pls(read_text(path, limits)) if kind == "pls" else _m3u(read_text(path, limits))
    resolved: list[str] = []
    urls: list[str] = []
    unresolved: list[str] = []
    for number, entry in enumerate(playlist.entries[: limits.entries], start=1):
        if _URL.match(entry) and not entry.lower().startswith("file:"):
            urls.append(f"{number} {texts.clean(_USER.sub('', entry))}")
            continue
        found = folder.find(_local(entry))
        if found and is_media(found) and texts.file_name(found):
            resolved.append(f"{number} {found}")
        else:
            unresolved.append(f"{number} {texts.clean(entry)}".rstrip())
    return {
        **{name: texts.clean(value) for name, value in playlist.fields.items()},
        "entry_count": texts.number(str(len(playlist.entries))),
        "playlist_entries": texts.several(resolved),
        "playlist_urls": texts.several(urls),
        "unresolved": texts.several(unresolved),
    }


def _local(entry: str) -> str:
    """Return the path that a ``file:`` URL means, any other entry as it is."""
    if not entry.lower().startswith("file:"):
        return entry
    rest = urllib.parse.unquote(entry[len("file:") :], errors="surrogateescape")
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        rest = f"{slash}{path}" if host.lower() in {"", "localhost"} else rest
    return rest[1:] if re.match(r"/[A-Za-z]:[/\\]", rest) else rest


def _m3u(text: str) -> _Playlist:
    playlist = _Playlist([])
    for line in _lines(text):
        if line.startswith("#"):
            name, _, value = line.partition(":")
            if name.upper() == "#PLAYLIST" and value.strip():
                playlist.fields.setdefault("title", value)
        else:
            playlist.entries.append(line)
    return playlist


def _pls(text: str) -> _Playlist:
    found: dict[int, str] = {}
    header = False
    for line in _lines(text):
        header = header or line.lower() == "[playlist]"
        match = _PLS_ENTRY.fullmatch(line)
        if match is not None and match[2]:
            found.setdefault(int(match[1]), match[2])
    if not header:
        raise SidecarError("not a PLS playlist: it has no line [playlist]")
    return _Playlist([found[number] for number in sorted(found)])


def _xspf(content: bytes, limits: Limits) -> _Playlist:
    (root, *_), _ = xml.documents(content, limits.encoding)
    if xml.name(root) != "playlist":
        raise SidecarError("not an XSPF playlist: its outermost element is no playlist")
    playlist = _Playlist([])
    for element in root:
        if xml.name(element) in {"title", "annotation"} and xml.text(element):
            playlist.fields.setdefault({"annotation": "comment"}.get(xml.name(element), "title"), xml.text(element))
        for track in element if xml.name(element) == "tracklist" else ():
            location = next((xml.text(part) for part in track if xml.name(part) == "location" and xml.text(part)), "")
            if location:
                playlist.entries.append(location if _URL.match(location) else urllib.parse.unquote(location))
    return playlist


def _lines(text: str) -> Iterator[str]:
    """Each line that is not empty; only line ends count: a name may have any other character."""
    return (line.strip() for line in re.split(r"[\r\n]+", text) if line.strip())
