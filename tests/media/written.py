"""Samples that no encoder makes: written byte by byte, or made of others by changing bytes."""

from __future__ import annotations

import struct


def dff(seconds: float) -> bytes:
    """Return DSDIFF with two channels of silence at 2.8 MHz (Philips, "DSDIFF File Format", 1.5)."""
    silence = b"\x69\x69" * round(seconds * 2_822_400 / 8)
    properties = (
        b"SND " + _chunk(b"FS  ", struct.pack(">I", 2_822_400)) + _chunk(b"CHNL", struct.pack(">H", 2) + b"SLFTSRGT")
        + _chunk(b"CMPR", b"DSD \x0enot compressed\0")
    )  # fmt: skip
    body = _chunk(b"FVER", b"\x01\x05\0\0") + _chunk(b"PROP", properties) + _chunk(b"DSD ", silence)
    return _chunk(b"FRM8", b"DSD " + body)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">Q", len(content)) + content + b"\0" * (len(content) % 2)


VISION = bytes([1, 0, 8 << 1, 0x35, 0x10]) + bytes(19)
"""Dolby Vision's record: version 1.0, profile 8, level 6, all but an enhancement layer, base layer like HDR10."""


def dolby_vision(mp4: bytes) -> bytes:
    """Return an MP4 whose index comes last with Dolby Vision's record in the entry of its one HEVC stream."""
    box = struct.pack(">I", 8 + len(VISION)) + b"dvvC" + VISION
    content = bytearray(mp4)
    place = 0
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"hev1"):
        place = content.index(name, place) - 4
        (size,) = struct.unpack_from(">I", content, place)
        struct.pack_into(">I", content, place, size + len(box))
        end = place + size
        place += 8
    return bytes(content[:end] + box + content[end:])
