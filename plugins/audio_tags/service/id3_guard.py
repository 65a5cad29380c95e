"""Refuses ID3 tags that would keep mutagen busy for minutes.

mutagen copies the rest of a tag once for each frame, so its work is the number of frames times the size of the tag.
"""

from __future__ import annotations

from typing import NamedTuple

from .source import AudioFileError

MAX_COPIED = 16 * 1024**3
"""Bytes that mutagen may copy for one tag: about two seconds. A tag of 20 MiB may have 800 frames."""

HARMLESS = 256 * 1024
"""Up to this size a tag cannot reach that bound."""


class Layout(NamedTuple):
    """How a frame begins: letters of its name, digits of its size, bits in a digit, bytes of all of it."""

    name: int
    digits: int
    bits: int
    header: int


LAYOUTS = {True: (Layout(3, 3, 8, 6),), False: (Layout(4, 4, 7, 10), Layout(4, 4, 8, 10))}
"""For ID3v2.2, and for later versions: some writers give v2.4 the sizes of v2.3, so either may be meant."""


def tag_size(head: bytes) -> int:
    """Return the size after its first ten bytes of the ID3v2 tag that ``head`` begins, 0 when it begins none."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    return head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]


def check(tag: bytes) -> None:
    """Raise ``AudioFileError`` when the ID3 tag has too many frames for its size."""
    size = len(tag) - 10
    if size <= HARMLESS:
        return
    data = tag[10:]
    if tag[5] & 0x80:
        data = data.replace(b"\xff\x00", b"\xff")
    bound = MAX_COPIED // size
    if max(_count(data, layout, bound) for layout in LAYOUTS[tag[3] == 2]) > bound:
        raise AudioFileError(f"its ID3 tag of {size:,} bytes has more than {bound:,} parts")


def _count(data: bytes, layout: Layout, bound: int) -> int:
    """Return how many frames ``data`` has, up to just above ``bound``."""
    offset = count = 0
    while count <= bound:
        name = data[offset : offset + layout.name]
        if not name.strip(b"\0"):
            break
        size = 0
        for digit in data[offset + layout.name : offset + layout.name + layout.digits]:
            size = size << layout.bits | digit & (1 << layout.bits) - 1
        offset += layout.header + size
        count += 1
    return count
