"""Assigns pictures to folders as covers, by the names that players use."""

from __future__ import annotations

import os
import re

from viewra.types.values import Value

from . import texts
from .folder import Folder, listing, stem
from .formats import ENDINGS, PICTURES, ending
from .limits import Limits

KINDS = {
    "cover": "front", "folder": "front", "front": "front", "album": "front", "albumart": "front",
    "albumartsmall": "front",
    "poster": "front", "back": "back", "disc": "disc", "disk": "disc", "cd": "disc", "cdart": "disc", "discart": "disc",
    "booklet": "booklet", "inlay": "inlay", "inside": "inlay", "artist": "artist", "logo": "logo", "clearlogo": "logo",
    "fanart": "backdrop", "backdrop": "backdrop", "background": "backdrop", "banner": "banner", "landscape": "banner",
    "thumb": "thumbnail",
}  # fmt: skip
"""A picture's name without its ending and a number → what it shows."""

SUBFOLDERS = frozenset({"artwork", "art", "cover", "covers", "scans", "booklet", "images"})
"""Folders in which pictures of the album above lie."""

_FILES = frozenset(ENDINGS) | frozenset(PICTURES)
MOST_FOLDERS = 20
"""Folders below a cover that are looked into."""

_BELOW = re.compile(r"(?i)(cd|disc|disk|season|staffel|saison)[ _-]?[0-9]{1,2}")
_WINDOWS = re.compile(r"(?i)albumart_\{[0-9a-f-]{36}\}_(large|small)")


def read(name: str, folder: Folder, limits: Limits) -> dict[str, Value]:
    """Return the fields of a cover; nothing of any other picture, and where there is no media file for it."""
    kind = kind_of(name)
    if not kind:
        return {}
    owner = folder.path
    if os.path.basename(owner).lower() in SUBFOLDERS:  # noqa: PTH119
        owner = os.path.dirname(owner)  # noqa: PTH120
    if not _has_media(owner, limits):
        return {}
    title = texts.file_name(os.path.basename(owner))  # noqa: PTH119
    return {"cover_type": kind, "cover_of": title} if title else {}


def kind_of(name: str) -> str:
    """What a picture of this name shows; "" for one that is no cover."""
    word = stem(name).lower()
    if _WINDOWS.fullmatch(word):
        return "front"
    return KINDS.get(re.sub(r"[ _-]?\(?[0-9]{1,2}\)?$", "", word), "")


def _has_media(path: str, limits: Limits) -> bool:
    """Whether media files are in a folder, or in folders in it: of discs, of albums, of seasons."""
    listed = listing(path, limits.folder_names)
    if listed.media:
        return True
    names = [name for names in listed.names.values() for name in names if ending(name) not in _FILES]
    names.sort(key=lambda name: not _BELOW.fullmatch(name))
    folders = (os.path.join(path, name) for name in names[:MOST_FOLDERS])  # noqa: PTH118
    return any(listing(folder, limits.folder_names).media for folder in folders)
