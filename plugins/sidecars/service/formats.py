"""Lists the kinds of sidecar files with their extensions and MIME types."""

from __future__ import annotations

import os

TYPES: dict[str, tuple[str, ...]] = {
    "cue": ("application/x-cue",),
    "m3u": ("audio/x-mpegurl", "audio/mpegurl", "application/x-mpegurl", "application/vnd.apple.mpegurl"),
    "pls": ("audio/x-scpls", "audio/scpls"),
    "xspf": ("application/xspf+xml",),
    "lrc": ("text/x-lrc", "application/x-lrc"),
    "srt": ("application/x-subrip", "text/x-subrip"),
    "ass": ("text/x-ssa", "text/x-ass"),
    "vtt": ("text/vtt",),
    "nfo": ("text/x-nfo",),
}
"""Format → the MIME types that it goes by."""

ENDINGS = {
    ".cue": "cue", ".m3u": "m3u", ".m3u8": "m3u", ".pls": "pls", ".xspf": "xspf", ".lrc": "lrc", ".srt": "srt",
    ".ass": "ass", ".ssa": "ass", ".vtt": "vtt", ".nfo": "nfo",
}  # fmt: skip
"""Ending of a name → format."""

PICTURES = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif",
    ".bmp": "image/bmp", ".avif": "image/avif", ".tif": "image/tiff", ".tiff": "image/tiff", ".tbn": "image/jpeg",
}  # fmt: skip
"""Ending of a picture's name → its MIME type; Kodi's ``.tbn`` is a JPEG."""

MIME_TYPES = frozenset(kind for kinds in TYPES.values() for kind in kinds) | frozenset(PICTURES.values())

_AUDIO_AND_VIDEO = frozenset({
    "aac", "ac3", "aif", "aifc", "aiff", "ape", "au", "caf", "dff", "dsf", "dts", "eac3", "flac", "m4a", "m4b", "mka",
    "mp2", "mp3", "mpc", "mpga", "oga", "ogg", "opus", "spx", "tak", "tta", "w64", "wav", "wave", "wma", "wv", "3gp",
    "asf", "avi", "divx", "flv", "iso", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv", "rm", "rmvb",
    "ts", "vob", "webm", "wmv",
})  # fmt: skip


def ending(name: str) -> str:
    """Return the ending of a name in lower case with its dot, "" of a name without one."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - names may be any bytes, and there are many


def is_media(name: str) -> bool:
    """Whether a file of this name is audio or video."""
    return ending(name)[1:] in _AUDIO_AND_VIDEO
