"""Finds the tags before and after a file's content: ID3v2, APEv2, Lyrics3 and ID3v1."""

from __future__ import annotations

from dataclasses import dataclass

from . import apev2, id3
from .facts import Facts
from .id3_guard import tag_size
from .source import Source

ID3V1 = 128
LYRICS3 = 15
"""Bytes of Lyrics3's end: its size in six digits, and its mark."""

MAX_TAGS = 4
"""Upper bound of consecutive tags; some writers add a second tag, but never many."""


@dataclass(frozen=True)
class Edges:
    """Where content begins and ends, and the tags around it, each as its offset (and size)."""

    start: int
    end: int
    id3v2: tuple[int, ...]
    ape: tuple[tuple[int, int], ...] = ()
    id3v1: bytes = b""


def before(source: Source) -> tuple[int, tuple[int, ...]]:
    """Return where the content begins, the end of the file at most, and the ID3v2 tags before it."""
    start = 0
    id3v2 = []
    for _ in range(MAX_TAGS):
        head = source.at(start, 10)
        if head[:3] != b"ID3" or len(head) < 10:
            break
        size = tag_size(head)
        id3v2.append(start)
        start += 10 + size + (10 if head[5] & 0x10 else 0)  # some have a footer
    return min(start, source.size), tuple(id3v2)


def find(source: Source, start: int, id3v2: tuple[int, ...]) -> Edges:
    """Return the edges of a file, with what ``before`` found."""
    end, id3v1, ape = _behind(source, start)
    return Edges(start, end, id3v2, ape, id3v1)


def read_tags(facts: Facts, edges: Edges, order: tuple[str, ...]) -> None:
    """Add the tags around the content in ``order`` (of ``id3v2``, ``ape``, ``id3v1``), the most important first."""
    for kind in order:
        if kind == "id3v2":
            for offset in edges.id3v2:
                facts.attempt("its ID3 tag", id3.read, facts, offset)
        elif kind == "ape":
            for offset, size in edges.ape:
                facts.attempt("its APE tag", apev2.read, facts, offset, size)
        elif edges.id3v1:
            facts.attempt("its ID3v1 tag", id3.read_v1, facts, edges.id3v1)


def _behind(source: Source, start: int) -> tuple[int, bytes, tuple[tuple[int, int], ...]]:
    """Where the content ends, the ID3v1 tag, and the APE tags."""
    end = source.size
    id3v1 = b""
    ape = []
    for _ in range(MAX_TAGS):
        tail = source.at(max(end - ID3V1, start), min(ID3V1, end - start))
        found = apev2.extent(tail[-apev2.FOOTER :], end)
        if found and found[2] >= start:
            ape.append(found[:2])
            end = found[2]
        elif len(tail) == ID3V1 and tail.startswith(b"TAG") and not id3v1:
            id3v1 = tail
            end -= ID3V1
        elif tail.endswith(b"LYRICS200") and tail[-LYRICS3 : -LYRICS3 + 6].isdigit():
            end = max(end - int(tail[-LYRICS3 : -LYRICS3 + 6]) - LYRICS3, start)
        else:
            break
    return end, id3v1, tuple(ape)
