"""One file: its metadata with who says it and who was not believed, technical data, and the file itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import attrs
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from viewra.host.admin import listing_operations
from viewra.types import MediaFile, MetadataValue
from viewra.web.pages.desk import Desk
from viewra.web.pages.requests import id_of, path_of

_TECHNICAL = """
codec duration bitrate sample_rate channels bits_per_sample has_picture warning container video_codec
video_profile width height aspect_ratio frame_rate scan_type pixel_format video_bit_depth hdr
dolby_vision_profile color_primaries color_transfer color_space video_bitrate overall_bitrate audio_profile
channel_layout audio_codecs audio_languages subtitle_codecs subtitle_languages forced_subtitle_languages
chapters attachments image_format color_mode image_bit_depth frame_count icc_profile thumbnail_width
thumbnail_height orientation exposure_time f_number iso focal_length focal_length_35mm encodersettings )
"""
TECHNICAL = frozenset(_TECHNICAL.split())
"""Fields that tell of the file, not of the work in it."""
_FIRST = ("title", "artist", "album", "albumartist", "show", "season", "episode", "discnumber", "tracknumber", "date")
_PLAYED = {"audio": "audio", "video": "video"}
_LISTS = frozenset({"audio/x-mpegurl", "audio/mpegurl", "application/vnd.apple.mpegurl", "audio/x-scpls"})
_SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp", "image/svg+xml"})
"""Pictures that browsers show."""


@attrs.frozen
class Where:
    """The folder of a file and its name."""

    folder: str
    name: str


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of files."""
    return [desk.get("/admin/file/{media_file_id:int}", show), desk.get("/admin/file", find)]


async def find(desk: Desk, request: Request) -> Response:
    """The page of the file at a path."""
    found = await desk.site.run(desk.site.host.library.file, path_of(request))
    return RedirectResponse(f"/admin/file/{found.id}", 303)


async def show(desk: Desk, request: Request) -> Response:
    """One file."""
    media_file_id = id_of(request, "media_file_id")
    file = await desk.ask(listing_operations.file, media_file_id=media_file_id)
    folder, name = os.path.split(file.path)
    return desk.show(
        request,
        "file.html",
        file=file,
        where=Where(folder, name),
        title=_first(file.metadata, "title") or name,
        by=_first(file.metadata, "artist") or _first(file.metadata, "show"),
        told=_part(file.metadata, technical=False),
        technical=_part(file.metadata, technical=True),
        failures=await desk.ask(listing_operations.file_failures, media_file_id=media_file_id),
        content=f"/api/v1/files/{file.id}/content",
        viewer=viewer(file),
    )


def viewer(file: MediaFile) -> str:
    """The element that plays or shows a file: audio, video or img; "" for none."""
    if file.missing_since is not None:
        return ""
    if file.mime_type in _SHOWN:
        return "img"
    if file.mime_type in _LISTS:
        return ""
    return _PLAYED.get(file.mime_type.partition("/")[0], "")


def _first(metadata: Mapping[str, MetadataValue], field: str) -> str:
    found = metadata.get(field)
    if found is None:
        return ""
    return found.value if isinstance(found.value, str) else "; ".join(found.value)


def _part(metadata: Mapping[str, MetadataValue], *, technical: bool) -> Mapping[str, MetadataValue]:
    names = [name for name in metadata if (name in TECHNICAL) == technical]
    return {name: metadata[name] for name in sorted(names, key=_place)}


def _place(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST)), name
