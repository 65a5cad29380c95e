"""Reads FLAC files: stream information, comments, pictures, and the real end of the audio."""

from __future__ import annotations

from dataclasses import dataclass

from . import vorbis
from .facts import Facts
from .source import AudioFileError

STREAMINFO, COMMENTS, PICTURE = 0, 4, 6
MAX_BLOCKS = 1000
MAX_TAIL = 256 * 1024
"""Bytes at the end of the file in which the last frame is looked for."""

RATES = {
    1: 88200,
    2: 176400,
    3: 192000,
    4: 8000,
    5: 16000,
    6: 22050,
    7: 24000,
    8: 32000,
    9: 44100,
    10: 48000,
    11: 96000,
}
"""Sample rates by their code in a frame's header."""

CRC8 = [0] * 256
for _value in range(256):
    _crc = _value
    for _bit in range(8):
        _crc = (_crc << 1 ^ 0x07 if _crc & 0x80 else _crc << 1) & 0xFF
    CRC8[_value] = _crc


@dataclass(frozen=True)
class StreamInfo:
    """The STREAMINFO block; ``samples`` is 0 if the encoder did not know the number."""

    block_size: int
    largest_block: int
    largest_frame: int
    rate: int
    channels: int
    bits: int
    samples: int


def stream_info(data: bytes) -> StreamInfo:
    """Parse a STREAMINFO block. Raises ``AudioFileError`` if it is incomplete or invalid."""
    if len(data) < 18:
        raise AudioFileError("it ends before its audio")
    packed = int.from_bytes(data[10:18], "big")
    rate = packed >> 44
    if not rate:
        raise AudioFileError("its sample rate is 0")
    return StreamInfo(
        block_size=int.from_bytes(data[0:2], "big"),
        largest_block=int.from_bytes(data[2:4], "big"),
        largest_frame=int.from_bytes(data[7:10], "big"),
        rate=rate,
        channels=(packed >> 41 & 7) + 1,
        bits=(packed >> 36 & 31) + 1,
        samples=packed & (1 << 36) - 1,
    )


def read(facts: Facts) -> None:
    """Read a FLAC file. Raises ``AudioFileError`` when it ends before its audio."""
    source = facts.source
    at = facts.start + 4
    info: StreamInfo | None = None
    for _ in range(MAX_BLOCKS):
        head = source.at(at, 4)
        if len(head) < 4:
            raise AudioFileError("it ends before its audio")
        kind, size = head[0] & 0x7F, int.from_bytes(head[1:4], "big")
        at += 4
        if kind == STREAMINFO and info is None:
            info = stream_info(source.at(at, min(size, 34)))
        elif kind == COMMENTS:
            data = source.at(at, size)
            facts.attempt("its Vorbis comment", vorbis.read, facts, data)
        elif kind == PICTURE:
            block = source.at(at, min(size, vorbis.PICTURE_HEAD))
            facts.attempt("a picture", _picture, facts, block, size)
        at += size
        if head[0] & 0x80:
            break
    if info is None:
        raise AudioFileError("it does not say what its audio is")
    facts.codec = "flac"
    _set(facts, info, at)


def _picture(facts: Facts, block: bytes, size: int) -> None:
    facts.picture = vorbis.has_data(block, size) or facts.picture


def _set(facts: Facts, info: StreamInfo, audio_at: int) -> None:
    facts.sample_rate, facts.channels, facts.bits = info.rate, info.channels, info.bits
    facts.audio_bytes = max(facts.end - audio_at, 0)
    if not facts.audio_bytes:
        if info.samples:
            raise AudioFileError("it ends before its audio")
        return
    size = min(max(info.largest_frame * 2, 32 * 1024), MAX_TAIL, facts.audio_bytes)
    last = last_sample(facts.source.at(facts.end - size, size), info)
    if last is None and size == facts.audio_bytes:  # not one frame
        facts.hold(0, info.samples / info.rate)
    # The last frame may be shorter than it should be; only what is missing beyond a whole block is missing for certain.
    elif info.samples and (last is None or last + info.largest_block >= info.samples):
        facts.hold(info.samples / info.rate, 0)
    elif last is not None:
        facts.hold(last / info.rate, info.samples / info.rate)


def last_sample(tail: bytes, info: StreamInfo) -> int | None:
    """Return the number of samples up to the end of the last frame that begins in ``tail``, None without one."""
    at = len(tail)
    while (at := tail.rfind(b"\xff", 0, at)) >= 0:
        if tail[at + 1 : at + 2] in {b"\xf8", b"\xf9"}:
            end = _frame_end(tail[at : at + 16], info)
            if end is not None and (not info.samples or end <= info.samples + info.largest_block):
                return end
    return None


def _frame_end(head: bytes, info: StreamInfo) -> int | None:
    """The last sample of the frame that ``head`` begins; None when it begins none of this stream."""
    if len(head) < 6 or head[3] & 1:
        return None
    size_code, rate_code = head[2] >> 4, head[2] & 15
    assignment = head[3] >> 4
    if rate_code in RATES and RATES[rate_code] != info.rate:
        return None
    if rate_code == 15 or assignment > 10 or (assignment + 1 if assignment < 8 else 2) != info.channels:
        return None
    lead = head[4]
    more = 0 if lead < 0x80 else 8 - (lead ^ 0xFF).bit_length() - 1  # continuation bytes, as in UTF-8
    at = 5 + more
    if more > 6 or (lead >= 0x80 and more < 1) or any(byte & 0xC0 != 0x80 for byte in head[5:at]):
        return None
    value = lead if not more else lead & (0x3F >> more)
    for byte in head[5:at]:
        value = value << 6 | byte & 0x3F
    if size_code in {6, 7}:
        width = size_code - 5
        block = int.from_bytes(head[at : at + width], "big") + 1
        at += width
    elif size_code == 1:
        block = 192
    else:
        block = 576 << max(size_code - 2, 0) if size_code < 6 else 256 << size_code - 8
    at += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if at >= len(head) or not size_code or block > info.largest_block:
        return None
    crc = 0
    for byte in head[:at]:
        crc = CRC8[crc ^ byte]
    if crc != head[at]:
        return None
    first = value if head[1] & 1 else value * info.block_size
    return first + block
