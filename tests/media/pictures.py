"""Draws the picture samples with Pillow, and writes the EXIF that they carry."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

Base, GPS, IFD = ExifTags.Base, ExifTags.GPS, ExifTags.IFD


def gradient(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Return a small picture with some colours."""
    width, height = size
    data = bytes(value for y in range(height) for x in range(width) for value in (x * 4 % 256, y * 5 % 256, 128))
    return Image.frombytes("RGB", size, data).convert(mode)


def srgb() -> bytes:
    """Return the ICC profile of sRGB that comes with LittleCMS, without the time of its making."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes(12) + profile[36:]


def jpeg(size: tuple[int, int]) -> bytes:
    """Return a JPEG of this size."""
    file = io.BytesIO()
    gradient(size=size).save(file, "JPEG", quality=30)
    return file.getvalue()


def exif(*, place: bool = True, thumbnail: bytes = b"") -> bytes:
    """Return the EXIF of a photo, with GPS in the southern and western hemisphere."""
    tags = Image.Exif()
    tags[Base.Make], tags[Base.Model], tags[Base.Orientation] = "Voigtländer ", "Bessa R3M", 6
    photo = tags.get_ifd(IFD.Exif)
    photo[Base.DateTimeOriginal], photo[Base.OffsetTimeOriginal] = "2021:06:01 12:34:56", "+02:00"
    photo[Base.ExposureTime], photo[Base.FNumber] = IFDRational(1, 250), IFDRational(28, 10)
    photo[Base.ISOSpeedRatings], photo[Base.FocalLength] = 400, IFDRational(35, 1)
    photo[Base.FocalLengthIn35mmFilm], photo[Base.LensModel] = 52, "Nokton 35mm F1.4"
    if place:
        here = tags.get_ifd(IFD.GPSInfo)
        here[GPS.GPSLatitudeRef], here[GPS.GPSLatitude] = "S", tuple(map(IFDRational, (33, 51, 31.5)))
        here[GPS.GPSLongitudeRef], here[GPS.GPSLongitude] = "W", tuple(map(IFDRational, (70, 40, 3)))
        here[GPS.GPSAltitudeRef], here[GPS.GPSAltitude] = b"\0", IFDRational(5705, 10)
    raw = tags.tobytes().replace(b"Voigtl?nder ", "Voigtländer".encode())  # Pillow writes ASCII only
    return with_thumbnail(raw, thumbnail) if thumbnail else raw


def with_thumbnail(raw: bytes, thumbnail: bytes) -> bytes:
    """Return EXIF with a second directory behind the first, which holds a JPEG: Pillow writes none."""
    head, body = raw[:6], bytearray(raw[6:])
    order = "<" if body[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", body, 4)
    (count,) = struct.unpack_from(order + "H", body, first)
    struct.pack_into(order + "I", body, first + 2 + 12 * count, len(body))
    start = len(body) + 2 + 3 * 12 + 4
    entries = ((0x0103, 3, 6), (0x0201, 4, start), (0x0202, 4, len(thumbnail)))
    body += struct.pack(order + "H", len(entries))
    for tag, kind, value in entries:
        body += struct.pack(order + "HHI", tag, kind, 1)
        body += struct.pack(order + ("H2x" if kind == 3 else "I"), value)
    return head + bytes(body) + bytes(4) + thumbnail


def _photo(path: Path) -> None:
    raw = exif(thumbnail=jpeg((16, 12)))
    gradient().save(path, quality=40, exif=raw, icc_profile=srgb())


def _frames(path: Path, **options: Any) -> None:
    first, *others = (gradient(size=(32, 24)).rotate(90 * turn) for turn in range(3))
    first.save(path, save_all=True, append_images=others, duration=100, **options)


PICTURES: dict[str, Callable[[Path], None]] = {
    "photo.jpg": _photo,
    "grey.jpg": lambda path: gradient("L").save(path, quality=40),
    "cmyk.jpg": lambda path: gradient("CMYK").save(path, quality=40),
    "cover.png": lambda path: gradient("RGBA").save(path),
    "deep.png": lambda path: gradient("I").convert("I;16").save(path),
    "photo.png": lambda path: gradient().save(path, exif=exif(place=False)),
    "moving.png": _frames,
    "moving.gif": _frames,
    "moving.webp": _frames,
    "photo.webp": lambda path: gradient().save(path, exif=exif(), icc_profile=srgb()),
    "pages.tiff": lambda path: _frames(path, compression="tiff_deflate"),
    "photo.tif": lambda path: gradient().save(path, exif=exif()),
    "fax.bmp": lambda path: gradient("1").save(path),
    "photo.avif": lambda path: gradient().save(path, exif=exif(), quality=40),
    "photo.heic": lambda path: gradient().save(path, exif=exif(), quality=40),
}
