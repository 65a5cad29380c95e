"""The sample files of the repository, as the tests of the plugin need them."""

import importlib.util
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).resolve().parents[3] / "tests" / "media" / "samples"
HEIF = importlib.util.find_spec("pillow_heif") is not None

PHOTO = {
    "camera_make": "Voigtländer", "camera_model": "Bessa R3M", "lens": "Nokton 35mm F1.4", "exposure_time": "0.004",
    "f_number": "2.8", "iso": "400", "focal_length": "35", "focal_length_35mm": "52", "orientation": "6",
    "taken_at": "2021-06-01T12:34:56+02:00", "date": "2021-06-01",
}  # fmt: skip
ASCII = {"camera_make": "Voigtl??nder"}
"""Pillow writes the EXIF of some formats anew, without other letters."""

PLACE = {"latitude": "-33.858750", "longitude": "-70.667500", "altitude": "570.5"}
LARGE, SMALL = {"width": "64", "height": "48"}, {"width": "32", "height": "24"}
RGB = {"color_mode": "RGB", "image_bit_depth": "8"}
ICC = {"icc_profile": "sRGB built-in"}
MOVING = SMALL | {"frame_count": "3"}

EXPECTED: dict[str, dict[str, str]] = {
    "photo.jpg": {"image_format": "jpeg", "thumbnail_width": "16", "thumbnail_height": "12"}
    | LARGE | RGB | ICC | PHOTO | PLACE,
    "grey.jpg": {"image_format": "jpeg", "color_mode": "grayscale", "image_bit_depth": "8"} | LARGE,
    "cmyk.jpg": {"image_format": "jpeg", "color_mode": "CMYK", "image_bit_depth": "8"} | LARGE,
    "cover.png": {"image_format": "png", "color_mode": "RGB with alpha", "image_bit_depth": "8"} | LARGE,
    "deep.png": {"image_format": "png", "color_mode": "grayscale", "image_bit_depth": "16"} | LARGE,
    "photo.png": {"image_format": "png"} | LARGE | RGB | PHOTO,
    "moving.png": {"image_format": "png"} | RGB | MOVING,
    "moving.gif": {"image_format": "gif", "color_mode": "palette", "image_bit_depth": "8"} | MOVING,
    "moving.webp": {"image_format": "webp"} | RGB | MOVING,
    "photo.webp": {"image_format": "webp"} | LARGE | RGB | ICC | PHOTO | PLACE,
    "pages.tiff": {"image_format": "tiff"} | RGB | MOVING,
    "photo.tif": {"image_format": "tiff"} | LARGE | RGB | PHOTO | PLACE | ASCII,
    "fax.bmp": {"image_format": "bmp", "color_mode": "monochrome", "image_bit_depth": "1"} | LARGE,
    "photo.avif": {"image_format": "avif", "color_mode": "RGB"} | LARGE | PHOTO | PLACE | ASCII,
    "photo.heic": {"image_format": "heif", "width": "48", "height": "64"} | RGB | PHOTO | PLACE | {"orientation": "1"},
}  # fmt: skip
"""Of HEIC, libheif turns the picture itself, and says so."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with ``sample`` for each sample; the one in HEIC only where pillow-heif is installed."""
    if "sample" in metafunc.fixturenames:
        skip = pytest.mark.skipif(not HEIF, reason="pillow-heif is not installed")
        metafunc.parametrize(
            "sample",
            [pytest.param(SAMPLES / name, marks=skip if name.endswith(".heic") else ()) for name in EXPECTED],
            ids=list(EXPECTED),
        )


@pytest.fixture
def expected(sample: Path) -> dict[str, str]:
    """The fields of the sample."""
    return EXPECTED[sample.name]


@pytest.fixture
def samples() -> Path:
    """The folder of the samples."""
    return SAMPLES


@pytest.fixture
def suite(tmp_path: Path) -> dict[str, Any]:
    """The arguments of the check suite: good files with their fields, and bad ones."""
    contents = {
        "empty.jpg": b"",
        "text.png": b"This is no picture.\n" * 100,
        "page.gif": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        "film.webp": (SAMPLES / "clip.mp4").read_bytes(),
        "cut.png": (SAMPLES / "cover.png").read_bytes()[:20],
        "bomb.png": bomb(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    names = ("photo.jpg", "moving.gif", "photo.webp", "photo.tif")
    return {
        "good": {SAMPLES / name: EXPECTED[name] for name in names},
        "bad": [tmp_path / name for name in contents],
    }


def bomb() -> bytes:
    """A PNG that says it has a hundred thousand pixels in each direction."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
