"""Reads EXIF: when and with what a photo was taken, and where. Units: docs/vocabulary.md.

Names and forms of the tags: CIPA DC-008 (Exif 2.32), 4.6.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

from PIL import ExifTags, Image

from . import gps, values
from .limits import Limits
from .texts import clean

Base, IFD = ExifTags.Base, ExifTags.IFD

TEXTS = (
    ("camera_make", Base.Make),
    ("camera_model", Base.Model),
    ("lens", Base.LensModel),
)
NUMBERS = (  # field, tag, minimum, maximum, decimals
    ("exposure_time", Base.ExposureTime, 0.000001, 86_400, 6),
    ("f_number", Base.FNumber, 0.7, 512, 1),
    ("iso", Base.ISOSpeedRatings, 1, 65_534, 0),  # 65535 stands for "more than fits"
    ("focal_length", Base.FocalLength, 0.1, 10_000, 1),
    ("focal_length_35mm", Base.FocalLengthIn35mmFilm, 1, 5000, 0),
)
MOST_CROP = 300
"""Upper bound of the ratio of 35 mm focal length to focal length: the smallest sensor with digital zoom."""

TIMES = ((Base.DateTimeOriginal, Base.OffsetTimeOriginal), (Base.DateTimeDigitized, Base.OffsetTimeDigitized))


def fields(image: Any, limits: Limits) -> dict[str, str]:
    """Return the fields of a picture's EXIF, leaving out what is absent, damaged or beyond its bounds."""
    raw = image.info.get("exif") or b""
    if len(raw) > limits.exif_bytes:
        return {}
    try:
        tags = _tags(image, raw)
        photo = dict(tags) | dict(tags.get_ifd(IFD.Exif))
    except Exception:  # a damaged offset makes all EXIF unreadable, but not the picture
        return {}
    found = {name: text for name, tag in TEXTS if (text := _text(photo.get(tag)))}
    found |= {
        name: text
        for name, tag, least, most, digits in NUMBERS
        if (text := values.number(photo.get(tag), least, most, digits))
    }
    if float(found.get("focal_length_35mm", 0)) > MOST_CROP * float(found.get("focal_length", 5000)):
        del found["focal_length_35mm"]
    if photo.get(Base.Orientation) in range(1, 9):
        found["orientation"] = str(photo[Base.Orientation])
    for time, offset in TIMES:
        if taken := values.moment(photo.get(time), photo.get(offset)):
            found |= {"taken_at": taken, "date": taken[:10]}
            break
    if limits.gps:
        found |= _part(lambda: gps.fields(tags.get_ifd(IFD.GPSInfo)))
    return found | _part(lambda: _thumbnail(tags.get_ifd(IFD.IFD1), raw))


def _text(value: object) -> str:
    """Text as clean Unicode. EXIF has ASCII, cameras write UTF-8 too; Pillow takes each byte for a character."""
    if isinstance(value, str):
        with contextlib.suppress(UnicodeError):
            value = value.encode("latin-1").decode()
    return clean(value)


def _tags(image: Any, raw: bytes) -> Image.Exif:
    """The tags. Pillow's ``getexif`` would decode a PNG without EXIF, in search of some behind its pixels."""
    if image.format == "TIFF":
        tags: Image.Exif = image.getexif()
        return tags
    tags = Image.Exif()
    if raw:
        tags.load(raw)
    return tags


def _part(read: Any) -> dict[str, str]:
    try:
        found: dict[str, str] = read()
    except Exception:  # damaged: the rest of the EXIF still counts
        return {}
    return found


def _thumbnail(second: Any, raw: bytes) -> dict[str, str]:
    """The size of the embedded JPEG, by its own header."""
    start, size = second.get(Base.JpegIFOffset), second.get(Base.JpegIFByteCount)
    if not isinstance(start, int) or not isinstance(size, int):
        return {}
    body = raw[6:] if raw[:6] == b"Exif\0\0" else raw
    with Image.open(io.BytesIO(body[start : start + size]), formats=["JPEG"]) as image:
        return {"thumbnail_width": str(image.width), "thumbnail_height": str(image.height)}
