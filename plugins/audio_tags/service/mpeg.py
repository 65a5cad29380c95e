"""Reads MPEG audio (MP1, MP2, MP3), whose first frames and headers mutagen finds, and raw AAC."""

from __future__ import annotations

from mutagen.aac import AACInfo
from mutagen.mp3 import BitrateMode, MPEGInfo

from . import frames
from .facts import Facts
from .source import AudioFileError

SLACK = 4096
"""Bytes by which a header's size may differ from the file's: it may count tags, or leave out its own frame."""

SMALL = 64 * 1024
"""Up to this size all frames are counted."""

HEAD = 64 * 1024
"""Bytes in which the first frame of AAC is looked for."""

ENOUGH_FRAMES = 3


def read(facts: Facts) -> None:
    """Read MPEG audio. Raises mutagen's error, or ``AudioFileError`` when there are too few frames to believe it."""
    read_between(facts, facts.start, facts.end)


def read_between(facts: Facts, start: int, end: int) -> None:
    """Read MPEG audio that lies between two offsets of the file; raises as ``read`` does."""
    info = MPEGInfo(facts.source, start)
    if info.sketchy and info.frame_offset > start and not facts.tags:
        raise AudioFileError("too few MPEG frames follow one another")
    facts.codec = f"mp{info.layer}"
    facts.sample_rate, facts.channels = info.sample_rate, info.channels
    held = max(end - info.frame_offset, 0)
    facts.audio_bytes = held
    facts.bitrate = info.bitrate
    has_header = info.bitrate_mode is not BitrateMode.UNKNOWN
    claimed = float(info.length) if has_header else 0.0
    if has_header and 0 < info.bitrate * claimed / 8 <= held + SLACK:
        facts.seconds = claimed
        return
    first = frames.mpeg(facts.source.at(info.frame_offset, 4), 0)
    if first is None:
        return
    if not has_header and held > SMALL and _is_constant(facts, info.frame_offset, end, first):
        facts.seconds = held * 8 / first.bitrate
        return
    total = frames.walk(facts.source, info.frame_offset, end, frames.mpeg, first.kind)
    _hold(facts, total, info.sample_rate, info.frame_offset, end, claimed)


def _is_constant(facts: Facts, start: int, end: int, first: frames.Frame) -> bool:
    return frames.constant_bitrate(facts.source, start, end, first.kind, first.bitrate)


def _hold(facts: Facts, total: frames.Total, rate: int, start: int, end: int, claimed: float) -> None:
    """Set time and bit rate by frames that were counted, and by those of a long file that were not."""
    seconds = total.samples / rate
    if not seconds:
        return
    if total.passed >= frames.MAX_WALK and total.size > total.passed * 0.95:
        seconds *= (end - start) / total.passed
    facts.bitrate = total.size * 8 * rate / total.samples
    facts.hold(seconds, claimed)


def read_aac(facts: Facts) -> None:
    """Read AAC in ADTS, or, with mutagen, in ADIF. Raises ``AudioFileError`` when there are no frames of it."""
    facts.codec = "aac"
    facts.audio_bytes = max(facts.end - facts.start, 0)
    head = facts.source.at(facts.start, min(HEAD, facts.end - facts.start))
    if head.startswith(b"ADIF"):
        facts.source.seek(0)
        info = AACInfo(facts.source)
        facts.sample_rate, facts.channels, facts.bitrate = info.sample_rate, info.channels, info.bitrate
        facts.seconds = facts.audio_bytes * 8 / info.bitrate if info.bitrate else None
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
