"""The malformed files: each is small, and has one defect on which a careless reader hangs, crashes or errs."""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping

NESTED = 3000
"""Levels of atoms in one another: three times what Python's recursion limit lets a recursive reader follow."""


def atom(name: bytes, data: bytes = b"") -> bytes:
    """Return one MP4 atom."""
    return struct.pack(">I4s", 8 + len(data), name) + data


def nested_atoms() -> bytes:
    """Return an MP4 file whose ``moov`` holds a ``udta`` that holds a ``udta`` and so on."""
    sizes = range(8 * NESTED, 0, -8)
    return atom(b"ftyp", b"M4A \0\0\0\0") + b"".join(
        struct.pack(">I4s", size, b"udta" if level else b"moov") for level, size in enumerate(sizes)
    )


def malformed(good: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return file name to content; ``good`` has a good file of each kind (``mp3 flac m4a ogg``) to damage."""
    ogg = bytearray(good["ogg"])
    second_page = ogg.index(b"OggS", 4)
    ogg[second_page : second_page + 4] = b"OggX"
    return {
        "empty.flac": b"",
        "text.mp3": b"This is not music, it is a shopping list: eggs, flour, a metronome.\n" * 40,
        "truncated.mp3": good["mp3"][:25],
        "truncated.flac": good["flac"][:200],
        "truncated.m4a": good["m4a"][: good["m4a"].index(b"moov") + 300],
        "corrupt-page.ogg": bytes(ogg),
        "huge-atom.m4a": atom(b"ftyp", b"M4A \0\0\0\0") + struct.pack(">I4sQ", 1, b"moov", 2**64 - 1) + bytes(64),
        "nested-atoms.m4a": nested_atoms(),
        "random.ape": random.Random(1747).randbytes(2048),
        "huge-id3.mp3": b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"TIT2\x7f\x7f\x7f\x7f\0\0\x03Unfinished" + bytes(500),
    }
