"""Walks the atoms of MP4 files: each has a size, a name of four bytes, and content that may be further atoms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .source import Source


class Atom(NamedTuple):
    """One atom: its name, where its content begins, and where it ends by its size, which may be beyond the file."""

    name: bytes
    offset: int
    end: int


def walk(source: Source, start: int, end: int) -> Iterator[Atom]:
    """Yield each atom between two offsets of the file; ends at the first one whose size cannot be."""
    while start + 8 <= end:
        head = source.at(start, 16)
        if len(head) < 8:
            return
        size = int.from_bytes(head[:4], "big")
        offset = start + 8
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
            offset = start + 16
        elif size == 0:  # to the end of the file
            size = source.size - start
        if size < offset - start or len(head) < offset - start:
            return
        yield Atom(head[4:8], offset, start + size)
        start += size


def inside(source: Source, parent: Atom, skip: int = 0) -> Iterator[Atom]:
    """Yield each atom in another one, whose own content takes the first ``skip`` bytes."""
    return walk(source, parent.offset + skip, min(parent.end, source.size))


def find(source: Source, parent: Atom, *path: bytes) -> Atom | None:
    """Return the first atom that ``path`` leads to, None without one."""
    found: Atom | None = parent
    for name in path:
        if found is None:
            return None
        found = next((atom for atom in inside(source, found) if atom.name == name), None)
    return found


def content(source: Source, atom: Atom, most: int = 1 << 26) -> bytes:
    """Return the content of an atom, as far as it is there, up to ``most`` bytes."""
    return source.at(atom.offset, min(atom.end - atom.offset, most))
