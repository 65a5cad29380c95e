"""Finds covers in folders and in music files."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator

from viewra.sdk.files import FileError, open_regular

MAX_BYTES = 32 * 1024 * 1024
"""Of a picture."""
_NAMES = ("cover", "front", "folder", "poster", "album", "albumart")
"""The names of front covers, the best first."""
_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif", ".tif", ".tiff", ".tbn"})
_INSIDE = frozenset({"artwork", "art", "cover", "covers", "scans", "booklet", "images"})
_DISC = re.compile(r"(?i)(cd|disc|disk)[ _-]?[0-9]{1,2}")
_MOST_FOLDERS = 20
_OPTIONS = {"protocol_whitelist": "none"}  # never open other files that a file refers to


class Unreadable(FileError):
    """A picture that is not there, or none; without its path, which the caller has."""


def in_folders(paths: Iterable[str]) -> str:
    """The cover beside these files, in ``artwork``, ``scans`` and the like, or above folders of discs; "" for none."""
    folders = list(dict.fromkeys(map(os.path.dirname, paths)))[:_MOST_FOLDERS]
    folders += dict.fromkeys(
        os.path.dirname(one)  # noqa: PTH120 - names may be any bytes
        for one in folders
        if _DISC.fullmatch(os.path.basename(one))  # noqa: PTH119
    )
    found = [one for folder in folders for one in _covers(folder)]
    return min(found, default=(0, ""))[1]


def read(path: str) -> bytes:
    """The content of a picture; raises Unreadable."""
    descriptor, _ = open_regular(path, Unreadable)
    with open(descriptor, "rb") as file:
        try:
            content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror or error}") from error
    if not content or len(content) > MAX_BYTES:
        raise Unreadable(f"is empty, or larger than {MAX_BYTES >> 20} MiB")
    return content


def inside(path: str) -> bytes:
    """The first picture in a music file; raises Unreadable."""
    try:
        import av  # light start: by the usual order nothing needs it
    except ImportError as error:
        raise Unreadable("PyAV is not installed: pip install av") from error

    logging.getLogger("libav").propagate = False
    descriptor, _ = open_regular(path, Unreadable)
    try:
        with open(descriptor, "rb") as file, av.open(file, "r", options=_OPTIONS, metadata_errors="replace") as opened:
            for stream in opened.streams.video:
                if stream.disposition & av.stream.Disposition.attached_pic:
                    for packet in opened.demux(stream):
                        if 0 < packet.size <= MAX_BYTES:
                            return bytes(packet)
    except (av.error.FFmpegError, OSError, ValueError, RuntimeError) as error:
        raise Unreadable(f"cannot be read: {error}") from error
    raise Unreadable("has no picture")


def _covers(folder: str) -> Iterator[tuple[int, str]]:
    """Covers in a folder and the usual folders in it: how good the name is, and the path."""
    for name, is_folder in _listed(folder):
        if is_folder and name.lower() in _INSIDE:
            below = os.path.join(folder, name)  # noqa: PTH118
            yield from ((rank + len(_NAMES), path) for rank, path in _named(below, _listed(below)))
    yield from _named(folder, _listed(folder))


def _named(folder: str, listed: Iterable[tuple[str, bool]]) -> Iterator[tuple[int, str]]:
    for name, is_folder in listed:
        stem, end = os.path.splitext(name.lower())  # noqa: PTH122
        if not is_folder and end in _ENDINGS and stem in _NAMES:
            yield _NAMES.index(stem), os.path.join(folder, name)  # noqa: PTH118


def _listed(folder: str) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, entry.is_dir()) for entry in entries]
    except (OSError, ValueError):
        return []
