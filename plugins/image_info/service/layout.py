"""Reads a picture's pixel layout: colours, bits, number of frames."""

from __future__ import annotations

import io
from typing import Any

MODES = {
    "1": "monochrome", "L": "grayscale", "LA": "grayscale with alpha", "La": "grayscale with alpha",
    "I": "grayscale", "I;16": "grayscale", "I;16B": "grayscale", "I;16L": "grayscale", "F": "grayscale",
    "P": "palette", "PA": "palette with alpha", "RGB": "RGB", "RGBX": "RGB", "RGBA": "RGB with alpha",
    "RGBa": "RGB with alpha", "CMYK": "CMYK", "YCbCr": "YCbCr", "LAB": "Lab", "HSV": "HSV",
}  # fmt: skip
"""The vocabulary's words for Pillow's modes."""

MAX_FRAMES = 1_000_000
TIFF_WIDTH, TIFF_HEIGHT, TIFF_BITS = 256, 257, 258


def stored_size(image: Any) -> tuple[int, int]:
    """Return width and height as stored; of a TIFF alone, Pillow's are those of the picture that is turned upright."""
    if image.format == "TIFF":
        return int(image.tag_v2[TIFF_WIDTH]), int(image.tag_v2[TIFF_HEIGHT])
    width, height = image.size
    return width, height


def fields(image: Any, file: io.BufferedReader) -> dict[str, str]:
    """Return ``color_mode``, ``image_bit_depth`` and ``frame_count`` where they are known."""
    found = {}
    if image.mode in MODES:
        found["color_mode"] = MODES[image.mode]
    bits = _bits(image, file)
    if 0 < bits <= 64:
        found["image_bit_depth"] = str(bits)
    count = getattr(image, "n_frames", 1)
    if 1 < count <= MAX_FRAMES:
        found["frame_count"] = str(count)
    return found


def _bits(image: Any, file: io.BufferedReader) -> int:
    """Bits per channel; 0 if unknown."""
    match image.format:
        case "JPEG" | "MPO":
            return int(image.bits)
        case "PNG":  # IHDR is always the first chunk, and the depth is its ninth byte
            place = file.tell()
            file.seek(24)
            depth = file.read(1)
            file.seek(place)
            return depth[0] if depth else 0
        case "TIFF":
            return max(image.tag_v2.get(TIFF_BITS, (1,)), default=0)
        case "HEIF":
            return int(image.info.get("bit_depth", 0))
        case "GIF" | "WEBP":
            return 8
    return {"1": 1, "L": 8, "RGB": 8, "RGBA": 8}.get(image.mode, 0) if image.format == "BMP" else 0
