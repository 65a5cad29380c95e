"""Asks the host what it knows of files, as far as it is compared."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from viewra.types import FileEntry
from viewra.types.values import Value

if TYPE_CHECKING:
    from viewra.sdk.host.library import HostLibrary

KINDS = frozenset({"audio", "video", "image"})
_FIELDS = (
    "musicbrainz_recordingid", "acoustid_id", "codec", "bitrate", "video_codec", "image_format", "width", "height",
)  # fmt: skip


def of_files(library: HostLibrary, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of files by their ids; those that are not there are left out."""
    return rows_of(library, library.with_ids(ids))


def of_library(library: HostLibrary) -> Iterator[list[dict[str, Any]]]:
    """The rows of all files, a page at a time."""
    for entries in library.pages():
        yield rows_of(library, entries)


def rows_of(library: HostLibrary, entries: Sequence[FileEntry]) -> list[dict[str, Any]]:
    """The rows of those that are compared."""
    compared = [one for one in entries if one.kind in KINDS and one.size > 0]
    said = library.metadata([one.id for one in compared], _FIELDS) if compared else {}
    return [_row(one, said.get(one.id, {})) for one in compared]


def _row(one: FileEntry, said: Mapping[str, Value]) -> dict[str, Any]:
    spoken = f"{folded(one.title)}|{folded(one.artist)}" if one.title and one.artist else ""
    is_audio = one.kind == "audio"
    return {
        "media_file_id": one.id,
        "path": os.fsencode(one.path).decode("utf-8", "backslashreplace"),
        "kind": one.kind,
        "size": one.size,
        "recording": _first(said, "musicbrainz_recordingid") if is_audio else None,
        "acoustid": _first(said, "acoustid_id") if is_audio else None,
        "said": spoken.strip("|") if is_audio and spoken != "|" and spoken else None,
        "duration_ms": round(one.duration_s * 1000) if one.duration_s is not None else None,
        "mtime_ns": _changed_at(one.path),
        "quality": _quality(one, said),
        "missing": False,
    }


def _changed_at(path: str) -> int:
    """When a file was changed, in nanoseconds since the epoch; 0: not known."""
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - no Path is needed for thousands of texts
    except OSError:
        return 0


def folded(text: str) -> str:
    """A text as it is compared: words in small letters, without accents and punctuation."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(one for one in parts if not unicodedata.combining(one))))


def _quality(one: FileEntry, said: Mapping[str, Value]) -> str:
    form = _first(said, "video_codec") or _first(said, "codec") or _first(said, "image_format") or one.mime_type
    width, height, rate = (_first(said, name) for name in ("width", "height", "bitrate"))
    if width and height:
        return f"{form}, {width} × {height}"
    is_known = rate is not None and rate.isascii() and rate.isdigit() and len(rate) <= 10
    return f"{form}, {int(rate) // 1000} kbit/s" if rate and is_known else form


def _first(said: Mapping[str, Value], field: str) -> str | None:
    value = said.get(field, ())
    return value if isinstance(value, str) else next(iter(value), None)
