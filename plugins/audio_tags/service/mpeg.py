"""Reads MPEG audio (MP1, MP2, MP3) and raw AAC, whose frames mutagen finds."""

from __future__ import annotations

from mutagen.aac import AACInfo
from mutagen.mp3 import BitrateMode, MPEGInfo

from .facts import Facts
from .source import AudioFileError

SLACK = 4096
"""Bytes by which a header's size may differ from the file's: it may count tags, or leave out its own frame."""


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
    seconds = float(info.length)
    if info.bitrate_mode is BitrateMode.UNKNOWN:  # no header says more than the first frame
        facts.seconds = held * 8 / info.bitrate if info.bitrate else None
        return
    claimed = info.bitrate * seconds / 8
    if claimed > held + SLACK and claimed > 0:
        facts.hold(seconds * held / claimed, seconds)
    else:
        facts.seconds = seconds


def read_aac(facts: Facts) -> None:
    """Read AAC in ADTS or ADIF; mutagen infers the time from the first frames and the file's size."""
    facts.source.seek(0)
    info = AACInfo(facts.source)
    facts.codec = "aac"
    facts.sample_rate, facts.channels, facts.bitrate = info.sample_rate, info.channels, info.bitrate
    facts.audio_bytes = max(facts.end - facts.start, 0)
    behind = facts.source.size - facts.start
    if behind:
        facts.seconds = info.length * facts.audio_bytes / behind
