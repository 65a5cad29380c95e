"""Knows the audio formats: how each one begins, what reads it, and by which names and MIME types it goes.

What a file is, its content decides; the name only helps with MP3, which may begin with anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mutagen import (
    aac,
    aiff,
    asf,
    dsf,
    flac,
    monkeysaudio,
    mp3,
    mp4,
    musepack,
    oggflac,
    oggopus,
    oggspeex,
    oggvorbis,
    trueaudio,
    wave,
    wavpack,
)

from . import tags
from .id3_guard import KNOWN_FRAMES, check, tag_size
from .source import AudioFileError, Source

HEAD = 64
"""Bytes that are enough to tell every format."""


@dataclass(frozen=True)
class Format:
    """One format: its name as people know it, mutagen's class that parses it, and the kind of its tags."""

    name: str
    load: Callable[[Source], Any]
    tags: tags.TagKind
    codec: str = ""
    """The codec, where the format can hold only one."""


def with_id3(kind: Callable[..., Any]) -> Callable[[Source], Any]:
    """Return a loader for one of mutagen's classes whose tags are ID3."""

    def load(source: Source) -> Any:
        check(source)
        source.seek(0)
        return kind(source, known_frames=KNOWN_FRAMES)

    return load


MP3 = Format("MP3", with_id3(mp3.MP3), tags.ID3)
AAC = Format("AAC", aac.AAC, tags.APE, "aac")
FLAC = Format("FLAC", flac.FLAC, tags.VORBIS, "flac")
VORBIS = Format("Ogg Vorbis", oggvorbis.OggVorbis, tags.VORBIS, "vorbis")
OPUS = Format("Ogg Opus", oggopus.OggOpus, tags.VORBIS, "opus")
SPEEX = Format("Ogg Speex", oggspeex.OggSpeex, tags.VORBIS, "speex")
OGG_FLAC = Format("Ogg FLAC", oggflac.OggFLAC, tags.VORBIS, "flac")
MP4 = Format("MP4", mp4.MP4, tags.MP4)
ASF = Format("ASF", asf.ASF, tags.ASF, "wma")
WAV = Format("WAV", with_id3(wave.WAVE), tags.ID3)
AIFF = Format("AIFF", with_id3(aiff.AIFF), tags.ID3, "pcm")
APE = Format("Monkey's Audio", monkeysaudio.MonkeysAudio, tags.APE, "ape")
WAVPACK = Format("WavPack", wavpack.WavPack, tags.APE, "wavpack")
MUSEPACK = Format("Musepack", musepack.Musepack, tags.APE, "musepack")
DSF = Format("DSF", with_id3(dsf.DSF), tags.ID3, "dsd")
TTA = Format("True Audio", with_id3(trueaudio.TrueAudio), tags.ID3, "tta")

BY_EXTENSION: dict[str, Format] = {
    ".mp3": MP3, ".mp2": MP3, ".aac": AAC, ".flac": FLAC, ".ogg": VORBIS, ".oga": VORBIS, ".opus": OPUS, ".spx": SPEEX,
    ".m4a": MP4, ".m4b": MP4, ".m4r": MP4, ".mp4": MP4, ".wma": ASF, ".asf": ASF, ".wav": WAV, ".wave": WAV,
    ".aif": AIFF, ".aiff": AIFF, ".aifc": AIFF, ".ape": APE, ".wv": WAVPACK, ".mpc": MUSEPACK, ".mp+": MUSEPACK,
    ".mpp": MUSEPACK, ".dsf": DSF, ".tta": TTA,
}  # fmt: skip
EXTENSIONS = tuple(BY_EXTENSION)
"""Endings of names, in lower case and with their dot."""

MIME_TYPES = frozenset({
    "audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/x-mpeg", "audio/mp2",
    "audio/aac", "audio/x-aac", "audio/aacp", "audio/vnd.dlna.adts",
    "audio/flac", "audio/x-flac",
    "audio/ogg", "audio/x-ogg", "application/ogg", "audio/vorbis", "audio/x-vorbis", "audio/x-vorbis+ogg",
    "audio/opus", "audio/x-opus+ogg", "audio/speex", "audio/x-speex", "audio/x-speex+ogg", "audio/x-flac+ogg",
    "audio/mp4", "audio/x-m4a", "audio/m4a", "audio/mp4a-latm", "audio/x-m4b", "audio/x-m4r", "video/mp4",
    "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave",
    "audio/aiff", "audio/x-aiff", "audio/x-aifc",
    "audio/ape", "audio/x-ape", "audio/x-monkeys-audio",
    "audio/wavpack", "audio/x-wavpack",
    "audio/musepack", "audio/x-musepack", "audio/x-mpc",
    "audio/dsf", "audio/x-dsf", "audio/dsd", "audio/x-dsd",
    "audio/x-ms-wma", "video/x-ms-asf", "application/vnd.ms-asf", "audio/x-ms-asf",
    "audio/x-tta", "audio/tta",
})  # fmt: skip
"""Each format has several names; hosts do not agree on one."""

SIGNATURES: tuple[tuple[bytes, Format], ...] = (
    (b"fLaC", FLAC),
    (b"MAC ", APE),
    (b"wvpk", WAVPACK),
    (b"MPCK", MUSEPACK),
    (b"MP+", MUSEPACK),
    (b"DSD ", DSF),
    (b"TTA1", TTA),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), ASF),
)
OGG_CODECS: tuple[tuple[bytes, Format], ...] = (
    (b"\x01vorbis", VORBIS),
    (b"OpusHead", OPUS),
    (b"Speex   ", SPEEX),
    (b"\x7fFLAC", OGG_FLAC),
)


def starts_with(head: bytes, table: tuple[tuple[bytes, Format], ...]) -> Format | None:
    """Return the format whose signature ``head`` begins with."""
    return next((form for signature, form in table if head.startswith(signature)), None)


def recognise(head: bytes) -> Format | None:
    """Return the format of content that begins with ``head``, None when it is none of these."""
    if head[:4] == b"OggS":
        return starts_with(head[27 + head[26] :], OGG_CODECS) if len(head) > 27 else None
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return AIFF
    if head[4:8] == b"ftyp":
        return MP4
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return AAC if head[1] & 0xF6 == 0xF0 else MP3
    return starts_with(head, SIGNATURES)


def after_id3(source: Source) -> bytes:
    """Return the head of what follows the ID3v2 tags at the start of ``source``; raises when they go past its end."""
    position = 0
    for _ in range(4):  # some writers put one tag before another; nobody means more than a few
        source.seek(position)
        head = source.read(HEAD)
        if head[:3] != b"ID3" or len(head) < 10:
            return head
        size = tag_size(head)
        position += 10 + size
        if position > source.size:
            raise AudioFileError(f"its ID3 tag claims {size:,} bytes, more than the file has")
    return b""


def detect(source: Source, path: str) -> Format:
    """Return the format of ``source`` and leave it at its start; ``path`` serves for its ending only.

    Raises ``AudioFileError``: "not a valid FLAC file: …" where the name promises one, else "not an audio file …".
    """
    source.seek(0)
    head = source.read(HEAD)
    tagged = head[:3] == b"ID3"
    form = recognise(after_id3(source) if tagged else head)
    source.seek(0)
    promised = BY_EXTENSION.get("." + path.rpartition(".")[2].lower())
    if form is None and (tagged or promised is MP3):
        return MP3
    if form is None:
        what = f"a valid {promised.name} file" if promised else "an audio file of a known format"
        raise AudioFileError(f"not {what}: it begins with {head[:8]!r}")
    return form
