"""Adds up the time of an MP4 track: by its table of times, its fragments, or the samples that are in the file."""

from __future__ import annotations

import struct
from array import array
from sys import byteorder

from . import atoms
from .atoms import Atom
from .source import Source

MAX_TABLE = 16 * 1024 * 1024
"""Bytes of a table that are read."""

BASE_OFFSET, DESCRIPTION, DURATION, SIZE = 0x1, 0x2, 0x8, 0x10
"""What a track fragment's header holds, by its flags."""

DATA_OFFSET, FIRST_FLAGS, EACH_DURATION, EACH_SIZE, EACH_FLAGS, EACH_OFFSET = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800
"""What a run of samples holds, by its flags."""


def whole_ticks(source: Source, table: Atom) -> int:
    """Return the time of all samples of the track's table of times."""
    times = _times(source, table)
    return sum(count * delta for count, delta in zip(times[::2], times[1::2], strict=False))


def first_chunk(source: Source, table: Atom) -> int:
    """Return the offset of the track's first samples, 0 if unknown."""
    offsets = _offsets(source, table)
    return offsets[0] if offsets else 0


def last_chunk_begins(source: Source, table: Atom) -> bool:
    """Whether the track's last samples begin within the file, or their offset is unknown."""
    offsets = _offsets(source, table)
    return not offsets or offsets[-1] < source.size


def held_ticks(source: Source, table: Atom) -> int | None:
    """Return the duration of the samples in chunks that are completely in the file, None if unknown."""
    offsets = _offsets(source, table)
    runs = _table(source, table, b"stsc", "I")
    if not offsets or not runs:
        return None
    firsts, counts = runs[::3], runs[1::3]
    samples = run = last = last_at = 0
    for number, offset in enumerate(offsets, 1):
        while run + 1 < len(firsts) and firsts[run + 1] <= number:
            run += 1
        if offset >= source.size:
            break
        samples += last
        last, last_at = counts[run], offset
    samples += _samples_up_to(source, table, samples, last, source.size - last_at)
    ticks = 0
    times = _times(source, table)
    for count, delta in zip(times[::2], times[1::2], strict=False):
        ticks += min(count, samples) * delta
        samples -= min(count, samples)
    return ticks


def _samples_up_to(source: Source, table: Atom, first: int, count: int, size: int) -> int:
    """How many of the ``count`` samples from number ``first`` on are in the ``size`` bytes that they begin."""
    atom = atoms.find(source, table, b"stsz")
    head = source.at(atom.offset, 12) if atom else b""
    if atom is None or len(head) < 12:
        return 0
    each = int.from_bytes(head[4:8], "big")
    if each:
        return min(count, size // each)
    sizes = _big_endian(source.at(atom.offset + 12 + first * 4, min(count * 4, MAX_TABLE)), "I")
    for number, one in enumerate(sizes):
        size -= one
        if size < 0:
            return number
    return len(sizes)


def fragments(source: Source, movie: Atom, moofs: list[Atom], number: int) -> int:
    """Return the time of the track ``number`` in fragments."""
    usual = 0
    extends = atoms.find(source, movie, b"mvex")
    for trex in atoms.inside(source, extends) if extends else ():
        if trex.name == b"trex":
            track, _, duration = struct.unpack(">III", source.exactly(trex.offset + 4, 12))
            usual = duration if track == number else usual
    ticks = 0
    for moof in moofs:
        for traf in atoms.inside(source, moof):
            if traf.name == b"traf" and moof.end <= source.size:
                ticks += _fragment(source, traf, number, usual)
    return ticks


def _fragment(source: Source, traf: Atom, number: int, usual: int) -> int:
    ticks = 0
    for atom in atoms.inside(source, traf):
        if atom.name == b"tfhd":
            head = source.at(atom.offset, min(atom.end - atom.offset, 40))
            flags, track = struct.unpack_from(">II", head)
            if track != number:
                return 0
            if flags & DURATION:
                at = 8 + (8 if flags & BASE_OFFSET else 0) + (4 if flags & DESCRIPTION else 0)
                (usual,) = struct.unpack_from(">I", head, at)
        elif atom.name == b"trun":
            ticks += _run(source, atom, usual)
    return ticks


def _run(source: Source, trun: Atom, usual: int) -> int:
    data = atoms.content(source, trun, MAX_TABLE)
    flags, count = struct.unpack_from(">II", data)
    if not flags & EACH_DURATION:
        return usual * (count if count < 1 << 24 else 0)
    at = 8 + (4 if flags & DATA_OFFSET else 0) + (4 if flags & FIRST_FLAGS else 0)
    step = sum(1 for flag in (EACH_DURATION, EACH_SIZE, EACH_FLAGS, EACH_OFFSET) if flags & flag)
    words = _big_endian(data[at : at + count * step * 4], "I")
    return sum(words[::step])


def _offsets(source: Source, table: Atom) -> array[int]:
    return _table(source, table, b"stco", "I") or _table(source, table, b"co64", "Q")


def _times(source: Source, table: Atom) -> array[int]:
    return _table(source, table, b"stts", "I")


def _table(source: Source, table: Atom, name: bytes, kind: str) -> array[int]:
    """The numbers of a table, behind its count."""
    atom = atoms.find(source, table, name)
    return _big_endian(atoms.content(source, atom, MAX_TABLE)[8:], kind) if atom else array(kind)


def _big_endian(data: bytes, kind: str) -> array[int]:
    numbers = array(kind)
    numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
    if byteorder == "little":
        numbers.byteswap()
    return numbers
