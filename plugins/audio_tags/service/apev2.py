"""Reads APEv2 tags, and those of version 1, as pairs of field and raw value."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from . import names
from .facts import Facts, Pair
from .source import AudioFileError

PREAMBLE = b"APETAGEX"
FOOTER = 32
"""Bytes of the footer, and of the header."""

HAS_HEADER = 1 << 31
MAX_ITEMS = 5000
TEXT, BINARY = 0, 1


def extent(footer: bytes, end: int) -> tuple[int, int, int] | None:
    """Return where the items of the tag begin that ``footer`` ends at ``end``, their size, and where the tag begins."""
    if not footer.startswith(PREAMBLE) or len(footer) != FOOTER:
        return None
    _, size, _, flags = struct.unpack_from("<IIII", footer, 8)
    items = end - size
    if size < FOOTER or items < 0:
        return None
    start = items - FOOTER if flags & HAS_HEADER else items
    return items, size - FOOTER, max(start, 0)


def read(facts: Facts, offset: int, size: int) -> None:
    """Add the items in ``size`` bytes at ``offset`` of the file. Raises ``AudioFileError`` for one that is broken."""
    facts.add_tag(_pairs(facts, facts.source.at(offset, size)))


def _pairs(facts: Facts, data: bytes) -> Iterator[Pair]:
    later: list[Pair] = []
    for key, kind, value in _items(data):
        if kind == BINARY and key.lower().startswith("cover art"):
            facts.picture = facts.picture or bool(value.partition(b"\0")[2].strip(b"\0"))
        name = names.plain(key)
        field = names.APE.get(name)
        if kind == TEXT and field:
            pairs = [(field, facts.decode_utf8(part, f"the APE item {key}")) for part in value.split(b"\0")]
            if name in names.LATER:
                later += pairs
            else:
                yield from pairs
    yield from later


def _items(data: bytes) -> Iterator[tuple[str, int, bytes]]:
    offset = 0
    for _ in range(MAX_ITEMS):
        if offset + 8 >= len(data):
            return
        size, flags = struct.unpack_from("<II", data, offset)
        end_of_key = data.find(b"\0", offset + 8, offset + 8 + 256)
        if end_of_key < 0 or end_of_key + 1 + size > len(data):
            raise AudioFileError("an item is longer than the tag")
        key = data[offset + 8 : end_of_key].decode("latin-1")
        yield key, flags >> 1 & 3, data[end_of_key + 1 : end_of_key + 1 + size]
        offset = end_of_key + 1 + size
    raise AudioFileError(f"it has more than {MAX_ITEMS:,} items")
