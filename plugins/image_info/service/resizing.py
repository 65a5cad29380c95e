"""Makes a picture smaller: decodes as little as possible of it, turns it upright, and writes a JPEG or PNG."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageOps

from viewra.types import Resized

from .reader import READERS
from .source import ImageFileError

MAX_PIXELS = 50_000_000
"""Pixels to decode: with copies 600 MB of memory at most, within the plugin's limit."""
MAX_FRAME_PIXELS = 25_000_000
"""Of formats whose decoders need a multiple of the picture's memory."""
_QUALITY = 85
_ALPHA = frozenset({"RGBA", "LA", "PA"})
_SCALED = frozenset({"JPEG", "MPO"})


def resize(data: bytes, size: int, pixels: int) -> Resized:
    """Return the picture within a square of ``size`` pixels; ``pixels`` are those that the operator allows.

    Raises only ``ImageFileError``, for any defect of the picture.
    """
    try:
        with Image.open(io.BytesIO(data), formats=READERS) as image:
            return _resized(image, size, pixels)
    except ImageFileError:
        raise
    except Exception as error:  # a decoder of arbitrary bytes fails in arbitrary ways
        raise ImageFileError("not a picture that can be decoded") from error


def _resized(image: Any, size: int, pixels: int) -> Resized:
    if image.format in _SCALED:
        image.draft("RGB", (size, size))  # decodes at a half, a quarter or an eighth
    width, height = image.size
    most = min(pixels, MAX_PIXELS if image.format in _SCALED | {"PNG"} else MAX_FRAME_PIXELS)
    if width * height > most:
        raise ImageFileError(f"it has {width} x {height} pixels, more than the {most:,} that can be made smaller")
    image.load()
    upright = ImageOps.exif_transpose(image)
    has_alpha = upright.mode in _ALPHA or "transparency" in upright.info
    plain = upright.convert("RGBA" if has_alpha else "RGB")
    plain.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    if has_alpha:
        plain.save(out, "PNG", optimize=False)
    else:
        plain.save(out, "JPEG", quality=_QUALITY, progressive=True, optimize=True)
    return Resized(out.getvalue(), "image/png" if has_alpha else "image/jpeg", plain.width, plain.height)
