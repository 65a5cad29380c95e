"""Reads MPEG audio (MP1, MP2, MP3), whose first frames and headers mutagen finds, and raw AAC."""

from __future__ import annotations

from mutagen.aac import AACInfo
from mutagen.mp3 import HeaderNotFoundError, MPEGInfo

from . import frames
from .facts import Facts
from .source import AudioFileError

SMALL = 64 * 1024
"""Up to this size all frames are counted."""

LOST_FRAMES = 2
"""Frames by which a header's time may be more than that of the frames that are there."""

HEADERS = {b"Xing", b"Info", b"VBRI"}

HEAD = 64 * 1024
"""Bytes in which the first frame of AAC is looked for."""

ENOUGH_FRAMES = 3


def read(facts: Facts) -> None:
    """Read MPEG audio. Raises mutagen's error, or ``AudioFileError`` if it has too few consecutive frames."""
    read_between(facts, facts.start, facts.end)


def read_between(facts: Facts, start: int, end: int) -> None:
    """Read MPEG audio that lies between two offsets of the file; raises as ``read`` does."""
    try:
        info = MPEGInfo(facts.source, start)
    except HeaderNotFoundError as error:
        raise AudioFileError("no frames of MPEG audio are there") from error
    if info.sketchy and info.frame_offset > start and not facts.tags:
        raise AudioFileError("too few MPEG frames follow one another")
    facts.codec = f"mp{info.layer}"
    facts.sample_rate, facts.channels = info.sample_rate, info.channels
    held = max(end - info.frame_offset, 0)
    facts.audio_bytes = held
    facts.bitrate = info.bitrate
    head = facts.source.at(info.frame_offset, 64)
    first = frames.mpeg(head, 0)
    if first is None:
        return
    at = info.frame_offset
    claimed = 0.0
    header = _header(head, first)
    if header:
        claimed = float(info.length)
        if 0 < info.bitrate * claimed / 8 <= held + first.size:
            facts.seconds = claimed
            return
        at += first.size  # the frames may be complete all the same: some headers count tags, too
    elif held > SMALL and frames.constant_bitrate(facts.source, at, end, first.kind, first.bitrate):
        facts.seconds = held * 8 / first.bitrate
        return
    total = frames.walk(facts.source, at, end, frames.mpeg, first.kind)
    _hold(facts, total, info.sample_rate, at, end, claimed)


def _header(frame: bytes, first: frames.Frame) -> bytes:
    """Return the name of a header frame, which has no audio but the number of frames; b"" if it is none."""
    mono = first.channels == 1
    side = (17 if mono else 32) if first.kind[0] == 3 else (9 if mono else 17)
    found = {frame[4 + side : 8 + side], frame[36:40]} & HEADERS
    return found.pop() if found else b""


def _hold(facts: Facts, total: frames.Total, rate: int, start: int, end: int, claimed: float) -> None:
    """Set time and bit rate by frames that were counted, and by those of a long file that were not."""
    seconds = total.samples / rate
    if not seconds:
        return
    if total.passed >= frames.MAX_WALK and total.size > total.passed * 0.95:
        seconds *= (end - start) / total.passed
    facts.bitrate = total.size * 8 * rate / total.samples
    facts.hold(seconds, claimed if claimed > seconds + LOST_FRAMES * total.samples / total.frames / rate else 0)
    if total.is_cut and not facts.warnings:
        facts.warn(f"the file ends within a frame, after {seconds:.3f} s of audio")


def read_aac(facts: Facts) -> None:
    """Read AAC in ADTS, or, with mutagen, in ADIF. Raises ``AudioFileError`` when there are no frames of it."""
    facts.codec = "aac"
    facts.audio_bytes = max(facts.end - facts.start, 0)
    head = facts.source.at(facts.start, min(HEAD, facts.end - facts.start))
    if head.startswith(b"ADIF"):
        facts.source.seek(0)
        info = AACInfo(facts.source)
        facts.sample_rate, facts.channels = info.sample_rate, info.channels
        if info.bitrate and not _varies(head):
            facts.bitrate, facts.seconds = info.bitrate, facts.audio_bytes * 8 / info.bitrate
        return
    at = frames.find(head, 0, frames.adts, None)
    first = frames.adts(head, at) if at >= 0 else None
    if first is None:
        raise AudioFileError("no frames of AAC follow one another")
    facts.sample_rate, facts.channels = first.kind[2], first.channels
    total = frames.walk(facts.source, facts.start + at, facts.end, frames.adts, first.kind)
    if total.frames < ENOUGH_FRAMES:
        raise AudioFileError("too few frames of AAC follow one another")
    _hold(facts, total, facts.sample_rate, facts.start + at, facts.end, 0)


def _varies(adif: bytes) -> bool:
    """Return whether the header of ADIF states the highest bitrate instead of that of all (ISO/IEC 13818-7, 6.2)."""
    flags = adif[13:14] if adif[4:5] >= b"\x80" else adif[4:5]  # behind the copyright's number, if there is one
    return bool(flags) and flags[0] & 0x10 != 0


def read_loas(facts: Facts) -> None:
    """Leave AAC in LOAS, as broadcasts have it, to those who decode it: the tags around it are all that is read."""
    facts.silent = True
