"""Reads Ogg files: finds the audio stream among others, its headers and comments, and its last page."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import flac, vorbis
from .facts import Facts
from .source import AudioFileError, Source

FIRST, LAST = 2, 4
MAX_PAGES = 20_000
"""Pages that the headers may take: a comment of 64 MiB has 1,000."""

GAP = 64 * 1024
"""Bytes of damage that the next page is looked for behind."""

TAILS = (64 * 1024, 1024 * 1024)
"""Bytes at the end of the file in which the stream's last page is looked for."""

LATE_START = 1
"""Seconds; a stream whose first page begins later than that was cut out of a longer one."""

OPUS_FRAMES = ((480, 960, 1920, 2880),) * 3 + ((480, 960),) * 2 + ((120, 240, 480, 960),) * 4
"""Samples in a frame of Opus, by its configuration (RFC 6716, 3.1): of SILK, of hybrids, and of CELT."""


@dataclass(frozen=True)
class Page:
    """The head of one page; ``granule`` is -1 where no packet ends on it."""

    flags: int
    granule: int
    serial: int
    lacing: bytes
    offset: int
    """Where its content begins."""

    @property
    def end(self) -> int:
        """Where the next page begins."""
        return self.offset + sum(self.lacing)


@dataclass(frozen=True)
class Codec:
    """An audio codec in Ogg: what its first packet begins with, and how that packet is read.

    ``set_facts`` returns the samples a second that granules count, and the samples before the first that is heard;
    ``in_packet`` how many samples a packet has (of Vorbis: at most), by the stream's first packet and its own start.
    """

    magic: bytes
    name: str
    comments: Callable[[bytes], bytes]
    set_facts: Callable[[Facts, bytes], tuple[int, int]]
    in_packet: Callable[[bytes, bytes], int]


def _vorbis(facts: Facts, head: bytes) -> tuple[int, int]:
    facts.channels, facts.sample_rate, _, nominal = struct.unpack_from("<BIii", head, 11)
    facts.bitrate = max(nominal, 0)
    return facts.sample_rate, 0


def _opus(facts: Facts, head: bytes) -> tuple[int, int]:
    facts.channels, skipped = struct.unpack_from("<BH", head, 9)
    facts.sample_rate = 48_000
    return 48_000, skipped


def _speex(facts: Facts, head: bytes) -> tuple[int, int]:
    facts.sample_rate, _, _, facts.channels, bitrate = struct.unpack_from("<IIIIi", head, 36)
    facts.bitrate = max(bitrate, 0)
    return facts.sample_rate, 0


def _flac(facts: Facts, head: bytes) -> tuple[int, int]:
    info = flac.stream_info(head[17:])
    facts.sample_rate, facts.channels, facts.bits = info.rate, info.channels, info.bits
    return info.rate, 0


def _in_opus(_head: bytes, packet: bytes) -> int:
    sizes = [size for frames in OPUS_FRAMES for size in frames]
    frames = {0: 1, 3: packet[1] & 63}.get(packet[0] & 3, 2)
    return sizes[packet[0] >> 3] * frames


def _in_speex(head: bytes, _packet: bytes) -> int:
    size, _, frames = struct.unpack_from("<III", head, 56)
    return int(size * frames)


CODECS = (
    Codec(
        b"\x01vorbis",
        "vorbis",
        lambda packet: packet[7:] if packet[:7] == b"\x03vorbis" else b"",
        _vorbis,
        lambda head, _: 1 << (head[28] >> 4) >> 1,
    ),
    Codec(b"OpusHead", "opus", lambda packet: packet[8:] if packet[:8] == b"OpusTags" else b"", _opus, _in_opus),
    Codec(b"Speex   ", "speex", lambda packet: packet, _speex, _in_speex),
    Codec(b"\x7fFLAC", "flac", lambda packet: packet[4:], _flac, lambda head, _: int.from_bytes(head[19:21], "big")),
)


def read(facts: Facts) -> None:
    """Read an Ogg file. Raises ``AudioFileError`` when it has no audio stream, or not all of the stream's headers."""
    source = facts.source
    firsts: dict[int, bytes] = {}
    at = facts.start
    for page in _pages(source, at):
        if not page.flags & FIRST:
            break
        firsts[page.serial] = source.at(page.offset, sum(page.lacing))
        at = page.end
    found = [(serial, c, head) for serial, head in firsts.items() for c in CODECS if head.startswith(c.magic)]
    if not found:
        raise AudioFileError("it has no audio stream")
    serial, codec, head = found[0]
    facts.codec = codec.name
    rate, skipped = codec.set_facts(facts, head)
    if not rate:
        raise AudioFileError("its sample rate is 0")
    if len(firsts) == 1:
        facts.audio_bytes = max(facts.end - at, 0)
    else:
        facts.audio_bytes = None
    audio_at = _read_headers(facts, codec, serial, at)
    begin = _begin(facts, codec, serial, head, audio_at)
    _set_seconds(facts, serial, set(firsts), rate, skipped, begin if begin > LATE_START * rate else 0)


def _read_headers(facts: Facts, codec: Codec, serial: int, at: int) -> int:
    """Read the comments and, of FLAC, pictures; return where the audio's pages begin, near enough."""
    packets = _packets(facts.source, serial, at)
    packet, after = next(packets, (b"", at))
    if not packet:
        raise AudioFileError("its header pages are damaged")
    comments = codec.comments(packet)
    facts.attempt("its Vorbis comment", vorbis.read, facts, comments)
    if codec.name == "vorbis":
        setup, after = next(packets, (b"", after))
        if setup[:7] != b"\x05vorbis":
            raise AudioFileError("its header pages are damaged")
    elif codec.name == "flac" and not packet[0] & 0x80:
        for block, end in packets:
            if block[0] == 0xFF:  # audio, although no block was marked as the last
                break
            after = end
            if block[0] & 0x7F == flac.PICTURE:
                facts.attempt("a picture", _picture, facts, block[4:])
            if block[0] & 0x80:
                break
    return after


def _picture(facts: Facts, block: bytes) -> None:
    facts.picture = vorbis.has_data(block, len(block)) or facts.picture


def _pages(source: Source, at: int) -> Iterator[Page]:
    """Each page from ``at`` on; what lies between two pages is passed over, up to ``GAP`` bytes of it."""
    for _ in range(MAX_PAGES):
        head = source.at(at, 27)
        if len(head) == 27 and head[:5] != b"OggS\0":
            gap = source.at(at, GAP).find(b"OggS\0")
            if gap < 0:
                return
            at += gap
            head = source.at(at, 27)
        if len(head) < 27:
            return
        lacing = source.at(at + 27, head[26])
        if len(lacing) < head[26]:
            return
        granule, serial = struct.unpack_from("<qI", head, 6)
        page = Page(head[5], granule, serial, lacing, at + 27 + len(lacing))
        yield page
        at = page.end


def _packets(source: Source, serial: int, at: int) -> Iterator[tuple[bytes, int]]:
    """Each whole packet of a stream that is not empty, and where the page ends that it ends on."""
    packet: list[bytes] = []
    for page in _pages(source, at):
        if page.serial != serial:
            continue
        offset = page.offset
        size = 0
        for length in page.lacing:
            size += length
            if length < 255:
                packet.append(source.at(offset, size))
                whole = b"".join(packet)
                if whole:
                    yield whole, page.end
                packet = []
                offset += size
                size = 0
        if size:
            packet.append(source.at(offset, size))


def _begin(facts: Facts, codec: Codec, serial: int, head: bytes, audio_at: int) -> int:
    """The granule at which the stream's audio begins: the first that is stated, without the packets up to there."""
    samples = 0
    packet = b""
    for page in _pages(facts.source, audio_at):
        if page.serial != serial:
            continue
        content = facts.source.at(page.offset, sum(page.lacing))
        at = 0
        for length in page.lacing:
            packet = packet or content[at : at + 2]
            at += length
            if length < 255:
                samples += codec.in_packet(head, packet) if len(packet) == 2 else 0
                packet = b""
        if page.granule > 0:
            return page.granule - samples
    return 0


def _set_seconds(facts: Facts, serial: int, serials: set[int], rate: int, skipped: int, begin: int) -> None:
    source = facts.source
    ending = Ending()
    for size in TAILS:
        start = max(facts.end - size, facts.start)
        ending = _ending(source.at(start, facts.end - start), start, serial, serials, facts.end)
        if ending.others_follow:
            facts.warn("it is several streams one after the other, of which the first was read")
            return
        if ending.page or start == facts.start:
            break
    if ending.page is None:
        return
    facts.seconds = max((ending.page.granule - begin - skipped) / rate, 0.0)  # a page without its end is not decoded
    if ending.is_cut:
        facts.warn(f"the file ends early, after {facts.seconds:.3f} s of audio")
    elif not ending.page.flags & LAST:
        facts.warn("the file ends without the mark of its last page: some of the audio may be missing")


@dataclass
class Ending:
    """How a stream ends."""

    page: Page | None = None
    """Its last whole page."""
    is_cut: bool = False
    """Whether something of a page is missing."""
    others_follow: bool = False
    """Whether further streams come behind it."""


def _ending(tail: bytes, start: int, serial: int, serials: set[int], end: int) -> Ending:
    """How the stream ends in ``tail``, which begins at ``start``."""
    at = len(tail)
    ending = Ending()
    while (at := tail.rfind(b"OggS\0", 0, at)) >= 0:
        if at + 27 > len(tail):
            ending.is_cut = True
            continue
        granule, page_serial = struct.unpack_from("<qI", tail, at + 6)
        lacing = tail[at + 27 : at + 27 + tail[at + 26]]
        page = Page(tail[at + 5], granule, page_serial, lacing, start + at + 27 + len(lacing))
        if page_serial not in serials:
            if tail[at + 5] < 8 and page.end <= end:
                ending.others_follow = True
                return ending
            continue
        if len(lacing) < tail[at + 26] or page.end > end:
            ending.is_cut = True
        elif page_serial == serial and granule >= 0:
            ending.page = page
            return ending
    return ending
