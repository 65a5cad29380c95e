"""Lists the picture formats that this installation can read, with their MIME types and extensions."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True)
class Format:
    """One format: the vocabulary's name, the module that reads it, Pillow's name of it, and what must be installed."""

    name: str
    module: str
    pillow: str
    mime_types: tuple[str, ...]
    extensions: tuple[str, ...]
    needs: str = "PIL"


FORMATS = (
    Format(
        "jpeg",
        "PIL.JpegImagePlugin",
        "JPEG",
        ("image/jpeg", "image/jpg", "image/pjpeg"),
        (".jpg", ".jpeg", ".jpe", ".jfif"),
    ),
    Format("png", "PIL.PngImagePlugin", "PNG", ("image/png", "image/apng"), (".png", ".apng")),
    Format("gif", "PIL.GifImagePlugin", "GIF", ("image/gif",), (".gif",)),
    Format("webp", "PIL.WebPImagePlugin", "WEBP", ("image/webp",), (".webp",), "PIL._webp"),
    Format("tiff", "PIL.TiffImagePlugin", "TIFF", ("image/tiff", "image/tiff-fx"), (".tif", ".tiff")),
    Format("bmp", "PIL.BmpImagePlugin", "BMP", ("image/bmp", "image/x-ms-bmp", "image/x-bmp"), (".bmp", ".dib")),
    Format(
        "avif", "PIL.AvifImagePlugin", "AVIF", ("image/avif", "image/avif-sequence"), (".avif", ".avifs"), "PIL._avif"
    ),
    Format(
        "heif",
        "pillow_heif",
        "HEIF",
        ("image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"),
        (".heic", ".heif", ".hif"),
        "pillow_heif",
    ),
)


@functools.cache
def available() -> tuple[Format, ...]:
    """Return the formats for which everything is installed."""
    return tuple(form for form in FORMATS if find_spec(form.needs) is not None)


@functools.cache
def mime_types() -> frozenset[str]:
    """Return the MIME types of the available formats."""
    return frozenset(kind for form in available() for kind in form.mime_types)


@functools.cache
def extensions() -> tuple[str, ...]:
    """Return the endings of names, in lower case and with their dot."""
    return tuple(ending for form in available() for ending in form.extensions)
