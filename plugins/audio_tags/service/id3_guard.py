"""Walks the frames of ID3 tags: cuts broken ones off, and refuses tags that would keep mutagen busy for minutes.

mutagen copies the rest of a tag once for each frame, so its work is the number of frames times the size of the tag.
"""

from __future__ import annotations

from typing import NamedTuple

from .source import AudioFileError

MAX_COPIED = 16 * 1024**3
"""Bytes that mutagen may copy for one tag: about two seconds. A tag of 20 MiB may have 800 frames."""

HARMLESS = 256 * 1024
"""Up to this size a tag cannot reach that bound."""


MAX_FRAMES = 10_000
"""Frames of a tag that is cut off."""

UNSYNCHRONISED, EXTENDED = 0x80, 0x40
"""Flags of a tag's header."""


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
    data = _frames(tag)
    bound = MAX_COPIED // size
    if max(_walk(data, layout, bound)[0] for layout in LAYOUTS[tag[3] == 2]) > bound:
        raise AudioFileError(f"its ID3 tag of {size:,} bytes has more than {bound:,} parts")


def whole_frames(tag: bytes) -> bytes:
    """Return an ID3 tag without the frame that is cut off at its end; one with an extended header is empty."""
    data = b"" if tag[5] & EXTENDED and tag[3] != 2 else _frames(tag)
    _, end = max(_walk(data, layout, MAX_FRAMES) for layout in LAYOUTS[tag[3] == 2])
    size = bytes(end >> shift & 0x7F for shift in (21, 14, 7, 0))
    return tag[:5] + b"\0" + size + data[:end]


def _frames(tag: bytes) -> bytes:
    """All behind the header of a tag, as it was before zeros were put into it."""
    return tag[10:].replace(b"\xff\x00", b"\xff") if tag[5] & UNSYNCHRONISED and tag[3] != 4 else tag[10:]


def _walk(data: bytes, layout: Layout, bound: int) -> tuple[int, int]:
    """Return how many whole frames ``data`` begins with, up to just above ``bound``, and where the last one ends."""
    offset = count = 0
    while count <= bound:
        name = data[offset : offset + layout.name]
        if not name.strip(b"\0"):
            break
        size = 0
        for digit in data[offset + layout.name : offset + layout.name + layout.digits]:
            size = size << layout.bits | digit & (1 << layout.bits) - 1
        after = offset + layout.header + size
        if after > len(data):
            break
        offset = after
        count += 1
    return count, offset
