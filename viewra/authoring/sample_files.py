"""Makes small valid media files without any library: a tenth of a second of sound, a picture, three frames of video."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Mapping

RATE = 8000
"""Samples of sound in a second."""
COUNT = 800
_JPEG = (
    "|JeWF01!$>Nk#wx0RR9200961|JwjV08lqPMm#c5MnOheRZw4e$bxuoZg};txsk~K|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|"
    "Np=M3kU!R00;pA5di<h02BZL00000000000000000001|HJ?k5CH%H0000000000000000095m00;pA002J#U;o("
)


def wav(tags: Mapping[str, str]) -> bytes:
    """A tone as PCM. ``tags`` are RIFF's, by their four letters: ``INAM`` is the title."""
    samples = b"".join(struct.pack("<h", round(8000 * math.sin(2 * math.pi * 440 * n / RATE))) for n in range(COUNT))
    info = b"INFO" + b"".join(_chunk(name.encode(), text.encode() + b"\0") for name, text in tags.items())
    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    return _riff(b"WAVE", _chunk(b"fmt ", form) + _chunk(b"LIST", info) + _chunk(b"data", samples))


def mp3(tags: Mapping[str, str]) -> bytes:
    """Silence as MPEG-1 layer 3 at 128 kbit/s. ``tags`` are ID3v2.4's, by their four letters: ``TIT2`` is the title."""
    frames = b"".join(_id3_frame(name, text) for name, text in tags.items())
    head = b"ID3\x04\x00\x00" + _synchsafe(len(frames))
    silence = bytes.fromhex("fffb9064").ljust(417, b"\0")  # no sound needs no bits: all of its fields are zero
    return head + frames + 8 * silence


def flac(comments: Mapping[str, str]) -> bytes:
    """Silence. ``comments`` are Vorbis', by their names: ``TITLE``."""
    block = 4096
    rate_channels_bits_samples = RATE << 44 | 15 << 36 | block
    info = struct.pack(">HHxxxxxxQ", block, block, rate_channels_bits_samples) + bytes(16)
    texts = [f"{name}={text}".encode() for name, text in comments.items()]
    vendor = b"viewra"
    listed = struct.pack("<I", len(texts)) + b"".join(struct.pack("<I", len(text)) + text for text in texts)
    comment = struct.pack("<I", len(vendor)) + vendor + listed
    head = bytes.fromhex("fff8c40800")  # 4,096 samples of 16 bits at 8 kHz, one channel; frame 0
    frame = head + bytes([_crc(head, 8, 0x07)]) + bytes(3)  # all samples are 0
    frame += _crc(frame, 16, 0x8005).to_bytes(2, "big")
    return b"fLaC" + _flac_block(0, info) + _flac_block(0x84, comment) + frame


def avi() -> bytes:
    """Three uncompressed frames of 16 by 16 points, a second in all."""
    size, frames = 16, 3
    picture = bytes((0x40, 0x80, 0xC0)) * size * size
    main = struct.pack("<14I", 333_333, len(picture) * 3, 0, 0x10, frames, 0, 1, len(picture), size, size, 0, 0, 0, 0)
    stream = struct.pack("<4s4sIHHIIIIIIiI4H", b"vids", b"DIB ", 0, 0, 0, 0, 1, 3, 0, frames, len(picture), -1, 0,
                         0, 0, size, size)  # fmt: skip
    form = struct.pack("<IiiHHIIiiII", 40, size, size, 1, 24, 0, len(picture), 0, 0, 0, 0)
    streams = _chunk(b"LIST", b"strl" + _chunk(b"strh", stream) + _chunk(b"strf", form))
    movie = b"movi" + frames * _chunk(b"00db", picture)
    return _riff(b"AVI ", _chunk(b"LIST", b"hdrl" + _chunk(b"avih", main) + streams) + _chunk(b"LIST", movie))


def png() -> bytes:
    """A picture of 8 by 8 points in one colour."""
    size = 8
    rows = zlib.compress((b"\0" + bytes((0xC0, 0x80, 0x40)) * size) * size)
    form = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", form), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def jpeg() -> bytes:
    """A grey picture of 8 by 8 points."""
    return base64.b85decode(_JPEG)


def _riff(form: bytes, content: bytes) -> bytes:
    return _chunk(b"RIFF", form + content)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _id3_frame(name: str, text: str) -> bytes:
    data = b"\x03" + text.encode()  # UTF-8
    return name.encode() + _synchsafe(len(data)) + b"\0\0" + data


def _synchsafe(number: int) -> bytes:
    """A number in bytes of seven bits."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _flac_block(kind: int, data: bytes) -> bytes:
    return bytes([kind]) + len(data).to_bytes(3, "big") + data


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    """The check sum of FLAC's frames: it begins with 0, and the highest bit comes first."""
    value = 0
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> (bits - 1) & 1 else 0)
            value &= (1 << bits) - 1
    return value
