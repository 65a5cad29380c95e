"""Reads ASF files (WMA): the objects of their header, which hold format and tags."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple

from . import names
from .facts import Facts, Pair, collect
from .source import AudioFileError

CODECS = {
    0x160: "wma", 0x161: "wma", 0x162: "wma", 0x163: "wma", 0xA: "wma", 0x55: "mp3", 0x50: "mp2", 1: "pcm", 0xFF: "aac",
    0x1600: "aac", 0x1610: "aac", 0x2000: "ac3", 2: "adpcm", 0x11: "adpcm", 0x6: "alaw", 0x7: "mulaw",
}  # fmt: skip
"""By the format tag of the audio stream."""

CONSTANT = frozenset({0x160, 0x161})
"""Format tags of audio that has the bit rate of the header, or less: WMA, but not WMA Lossless."""

MAX_OBJECTS = 5000
UNICODE, BYTES, BOOLEAN, DWORD, QWORD, WORD = range(6)
CONTENT = ("title", "author", "copyright", "description")


def _guid(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


HEADER = _guid("75B22630-668E-11CF-A6D9-00AA0062CE6C")
FILE = _guid("8CABDCA1-A947-11CF-8EE4-00C00C205365")
STREAM = _guid("B7DC0791-A9B7-11CF-8EE6-00C00C205365")
AUDIO = _guid("F8699E40-5B4D-11CF-A8FD-00805F5C442B")
EXTENSION = _guid("5FBF03B5-A92E-11CF-8EE3-00C00C205365")
EXTENDED_STREAM = _guid("14E6A5CB-C672-4332-8399-A96952065B5A")
DESCRIPTION = _guid("75B22633-668E-11CF-A6D9-00AA0062CE6C")
EXTENDED_DESCRIPTION = _guid("D2D0A440-E307-11D2-97F0-00A0C95EA850")
METADATA = _guid("C5F8CBEA-5BAF-4877-8467-AA8C44FA4CCA")
LIBRARY = _guid("44231C94-9498-49D1-A141-1D134E457054")


BROADCAST = 1
"""The flag of files whose length was not known when their header was written."""

ROOM = 2
"""Factor by which the header's bit rate must exceed the file's to count as wrong: the header has the maximum."""

DATA_HEAD = 50
"""Bytes before the first packet of audio."""


class FileProperties(NamedTuple):
    """The file properties object: times in 100 ns, but ``preroll`` in milliseconds."""

    packets: int
    length: int
    sent: int
    preroll: int
    flags: int
    packet_size: int


def read(facts: Facts) -> None:
    """Read an ASF file. Raises ``AudioFileError`` when it has no audio stream."""
    source = facts.source
    facts.codec = ""
    (size,) = struct.unpack_from("<Q", source.exactly(facts.start, 30), 16)
    end = min(facts.start + size, source.size)
    seen: FileProperties | None = None
    tags: list[tuple[bytes, bytes]] = []
    for guid, data in _objects(facts, facts.start + 30, end):
        if guid == FILE and len(data) >= 80:
            seen = FileProperties(*struct.unpack_from("<QQQQII", data, 32))
        elif guid == STREAM and data[:16] == AUDIO and len(data) >= 72 and not facts.sample_rate:
            _set_stream(facts, data[54:])
        elif guid in READERS:
            tags.append((guid, data))
    if not facts.sample_rate:
        raise AudioFileError("it has no audio stream")
    _set_seconds(facts, seen, end)
    pairs: list[Pair] = []  # of several values the first may be in one object, and the others in another
    for guid, data in sorted(tags, key=lambda tag: list(READERS).index(tag[0])):
        facts.attempt("a tag", collect, pairs, READERS[guid](facts, data))
    facts.add_tag(pairs)


def _objects(facts: Facts, at: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    for _ in range(MAX_OBJECTS):
        head = facts.source.at(at, 24)
        if len(head) < 24 or at + 24 > end:
            return
        (size,) = struct.unpack_from("<Q", head, 16)
        if size < 24 or at + size > facts.source.size:
            return
        guid = head[:16]
        if guid == EXTENSION:
            yield from _objects(facts, at + 46, at + size)
        elif guid in {FILE, STREAM} or guid in READERS:
            yield guid, facts.source.at(at + 24, size - 24)
        elif guid == EXTENDED_STREAM and size > 24 + 64:
            yield from _objects(facts, at + 24 + 64, at + size)
        at += size


def _set_stream(facts: Facts, form: bytes) -> None:
    tag, channels, rate, byte_rate, _, bits = struct.unpack_from("<HHIIHH", form)
    facts.codec = CODECS.get(tag, "")
    facts.channels, facts.sample_rate, facts.bitrate = channels, rate, byte_rate * 8
    facts.is_constant = tag in CONSTANT
    if tag == 1:
        facts.bits = bits


def _set_seconds(facts: Facts, seen: FileProperties | None, header_end: int) -> None:
    facts.audio_bytes = max(facts.source.size - header_end, 0)
    if seen is None or seen.flags & BROADCAST:
        return
    seconds = max(seen.length / 10_000_000 - seen.preroll / 1000, 0.0)
    held = max(facts.source.size - header_end - DATA_HEAD, 0)
    there = held / seen.packet_size if seen.packet_size else seen.packets
    if there < seen.packets:
        facts.hold(seconds * there / seen.packets, seconds)
    elif facts.is_constant and seconds * facts.bitrate / 8 > facts.source.size * ROOM:
        facts.hold(held * 8 / facts.bitrate, seconds)  # the count of packets was written before the file was cut
    else:
        facts.seconds = seconds


def _description(_: Facts, data: bytes) -> Iterator[Pair]:
    at = 10
    for key, size in zip(CONTENT, struct.unpack_from("<HHHH", data), strict=True):
        yield names.ASF[key], _utf16(data[at : at + size])
        at += size


def _extended(facts: Facts, data: bytes) -> Iterator[Pair]:
    at = 2
    for _ in range(struct.unpack_from("<H", data)[0]):
        (size,) = struct.unpack_from("<H", data, at)
        name = _utf16(data[at + 2 : at + 2 + size])
        kind, length = struct.unpack_from("<HH", data, at + 2 + size)
        at += 6 + size
        yield from _pair(facts, name, kind, data[at : at + length], 4)
        at += length


def _metadata(facts: Facts, data: bytes) -> Iterator[Pair]:
    at = 2
    for _ in range(struct.unpack_from("<H", data)[0]):
        _, _, size, kind, length = struct.unpack_from("<HHHHI", data, at)
        name = _utf16(data[at + 12 : at + 12 + size])
        at += 12 + size
        yield from _pair(facts, name, kind, data[at : at + length], 2)
        at += length


READERS: dict[bytes, Callable[[Facts, bytes], Iterator[Pair]]] = {
    DESCRIPTION: _description,
    EXTENDED_DESCRIPTION: _extended,
    METADATA: _metadata,
    LIBRARY: _metadata,
}
"""The objects with tags, in the order in which writers spread several values over them."""


def _pair(facts: Facts, name: str, kind: int, value: bytes, boolean: int) -> Iterator[Pair]:
    """The pair of one attribute; ``boolean`` is how many bytes a boolean has here."""
    if name == "WM/Picture" and kind == BYTES:
        facts.picture = facts.picture or _is_picture(value)
        return
    field = names.ASF.get(names.plain(name))
    if not field:
        return
    if kind == UNICODE:
        yield field, _utf16(value)
    elif kind == BOOLEAN:
        yield field, str(int.from_bytes(value[:boolean], "little") != 0)
    elif kind in {DWORD, QWORD, WORD}:
        yield field, str(int.from_bytes(value[:8], "little"))


def _is_picture(value: bytes) -> bool:
    if len(value) < 5:
        return False
    (size,) = struct.unpack_from("<I", value, 1)
    return 0 < size < len(value) and bool(value[-size:].strip(b"\0"))


def _utf16(raw: bytes) -> str:
    return raw[: len(raw) & ~1].decode("utf-16-le", "replace").rstrip("\0")
