"""Smaller pictures: upright, within their bounds, and no bomb is decoded."""

import io
import struct
import zlib

import pytest
from PIL import Image
from viewra_plugins.image_info.service import ImageFileError, ImageInfo
from viewra_plugins.image_info.service.resizing import resize

from viewra.testing import check_resizing, loopback

PIXELS = 1_000_000_000


def picture(kind: str, mode: str, size: tuple[int, int], **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 0).save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_each_format(kind: str) -> None:
    small = resize(picture(kind, "RGB", (400, 200)), 100, PIXELS)
    assert (small.media_type, small.width, small.height) == ("image/jpeg", 100, 50)
    with Image.open(io.BytesIO(small.data)) as image:
        assert image.size == (100, 50)


def test_never_larger_and_with_its_transparency() -> None:
    small = resize(picture("PNG", "RGBA", (40, 20)), 100, PIXELS)
    assert (small.media_type, small.width, small.height) == ("image/png", 40, 20)


def test_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    small = resize(picture("JPEG", "RGB", (400, 200), exif=exif), 100, PIXELS)
    assert (small.width, small.height) == (50, 100)


def test_modes_that_a_jpeg_does_not_have() -> None:
    for mode in ("CMYK", "L", "1", "I;16"):
        assert resize(picture("TIFF", mode, (10, 10)), 5, PIXELS).width == 5


def bomb(side: int) -> bytes:
    """A PNG of a few kilobytes with so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("data", [bomb(60_000), b"", b"no picture", picture("PNG", "RGB", (90, 90))[:60]])
def test_what_is_refused(data: bytes) -> None:
    with pytest.raises(ImageFileError):
        resize(data, 100, PIXELS)


def test_the_plugin_offers_it() -> None:
    with loopback(ImageInfo()) as plugin:
        check_resizing(plugin, picture=picture("PNG", "RGB", (8, 8)))
