"""Reads the contents of files: their digests, and what pictures look like."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from io import BufferedReader
from itertools import pairwise
from typing import Any, NamedTuple

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "MPO")
MAX_PIXELS = 50_000_000
"""Pixels to decode of a format that cannot be scaled while it is read: 200 MB of memory at most."""
MAX_PROGRESSIVE = 100_000_000
"""Pixels of a progressive JPEG, of which libjpeg keeps all: six bytes each."""
_SIDE = 8
_PLAIN = 4  # of 64 bits in one direction: pictures of one colour, or of one gradient, all look alike
_SCALED = frozenset({"JPEG", "MPO"})


class Read(NamedTuple):
    """What was read of a file, and its size and time of change (nanoseconds since the epoch) before and after that."""

    value: str
    size: int
    mtime_ns: int


def read(path: str, what: Callable[[BufferedReader], str]) -> Read:
    """Read a file by ``digest`` or ``look``. Raises OSError, also for what is no file, and for one that changes."""
    with open(path, "rb", opener=_at_once) as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "it is no file", path)
        value = what(file)
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise OSError(errno.EAGAIN, "it was changed while it was read", path)
    return Read(value, before.st_size, before.st_mtime_ns)


def _at_once(path: str, flags: int) -> int:
    """Open a file, and wait for no writer of a FIFO."""
    return os.open(path, flags | os.O_NONBLOCK)


def digest(file: BufferedReader) -> str:
    """The SHA-256 of a file. Raises OSError."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def look(file: BufferedReader) -> str:
    """Where a picture becomes brighter, from left to right and from top to bottom: 128 bits in hexadecimal.

    "" for one that cannot be decoded, is too large or is plain.
    """
    from PIL import Image, ImageOps  # light start: only tasks need it

    try:
        with Image.open(file, formats=FORMATS) as image:
            if "progressive" in image.info and image.width * image.height > MAX_PROGRESSIVE:
                return ""
            if image.format in _SCALED:
                image.draft("L", (4 * _SIDE, 4 * _SIDE))
            if image.width * image.height > MAX_PIXELS:
                return ""
            gray = ImageOps.exif_transpose(image).convert("L")
            bits = [*_brighter(gray.resize((_SIDE + 1, _SIDE)), across=True)]
            bits += _brighter(gray.resize((_SIDE, _SIDE + 1)), across=False)
    except Exception:  # a decoder of arbitrary bytes fails in arbitrary ways
        return ""
    halves = sum(bits[: _SIDE * _SIDE]), sum(bits[_SIDE * _SIDE :])
    if all(not _PLAIN <= half <= _SIDE * _SIDE - _PLAIN for half in halves):
        return ""
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):032x}"


def _brighter(image: Any, *, across: bool) -> Iterable[bool]:
    values = image.tobytes()
    step = 1 if across else image.width
    for row in range(_SIDE):
        for column in range(_SIDE):
            at = row * image.width + column
            yield values[at + step] > values[at]


def alike(looks: dict[int, int], bits: int) -> list[Sequence[int]]:
    """The groups of pictures, by id, that differ from another one of the group in at most ``bits`` bits.

    Two numbers of 128 bits that differ in at most n bits agree in one of n + 1 parts, so only those are compared.
    """
    parent = {number: number for number in looks}

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    by_value: dict[int, int] = {}
    for number, value in looks.items():
        parent[number] = by_value.setdefault(value, number)
    parts = bits + 1
    bounds = [128 * part // parts for part in range(parts + 1)]
    for begin, end in pairwise(bounds):
        places: dict[int, list[tuple[int, int]]] = {}
        for value, number in by_value.items():
            there = places.setdefault((value >> begin) & ((1 << (end - begin)) - 1), [])
            for other, other_number in there:
                if (value ^ other).bit_count() <= bits:
                    parent[root(number)] = root(other_number)
            there.append((value, number))
    groups: dict[int, list[int]] = {}
    for number in looks:
        groups.setdefault(root(number), []).append(number)
    return [group for group in groups.values() if len(group) > 1]
