"""Lists the audio formats: their signatures, the functions that read them, their extensions and MIME types.

The content determines a file's format; the name only helps with MP3, which has no fixed signature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import aiff, asf, flac, lossless, mp4, mpeg, musepack, ogg, wav, wavpack
from .chunks import W64_RIFF
from .facts import Facts
from .source import AudioFileError, Source

HEAD = 4096
"""Bytes that are enough to detect the format; only Ogg with several streams needs more than a few."""


BEFORE = ("id3v2",)
"""The surrounding tags of formats that have their own tags and no tags after their content."""


@dataclass(frozen=True)
class Format:
    """One format: its usual name, the function that reads it, and the tags that may surround its content."""

    name: str
    read: Callable[[Facts], None]
    around: tuple[str, ...] = BEFORE
    """Tags before and after the content, in order of precedence."""

    has_own_tags: bool = True
    """Whether the format has its own tags, which take precedence over the surrounding ones."""


ID3_FIRST = ("id3v2", "ape", "id3v1")
APE_FIRST = ("ape", "id3v2", "id3v1")

MP3 = Format("MP3", mpeg.read, ID3_FIRST, has_own_tags=False)
AAC = Format("AAC", mpeg.read_aac, ID3_FIRST, has_own_tags=False)
LOAS = Format("AAC in LOAS", mpeg.read_loas, ID3_FIRST, has_own_tags=False)
FLAC = Format("FLAC", flac.read, ID3_FIRST)
VORBIS = Format("Ogg Vorbis", ogg.read)
OPUS = Format("Ogg Opus", ogg.read)
SPEEX = Format("Ogg Speex", ogg.read)
OGG_FLAC = Format("Ogg FLAC", ogg.read)
MP4 = Format("MP4", mp4.read)
ASF = Format("ASF", asf.read)
WAV = Format("WAV", wav.read)
AIFF = Format("AIFF", aiff.read)
APE = Format("Monkey's Audio", lossless.read_ape, APE_FIRST, has_own_tags=False)
WAVPACK = Format("WavPack", wavpack.read, APE_FIRST, has_own_tags=False)
MUSEPACK = Format("Musepack", musepack.read, APE_FIRST, has_own_tags=False)
DSF = Format("DSF", lossless.read_dsf)
TTA = Format("True Audio", lossless.read_tta, ID3_FIRST, has_own_tags=False)

BY_EXTENSION: dict[str, Format] = {
    ".mp3": MP3, ".mp2": MP3, ".aac": AAC, ".flac": FLAC, ".ogg": VORBIS, ".oga": VORBIS, ".opus": OPUS, ".spx": SPEEX,
    ".m4a": MP4, ".m4b": MP4, ".m4r": MP4, ".m4p": MP4, ".mp4": MP4, ".wma": ASF, ".asf": ASF, ".wav": WAV,
    ".wave": WAV, ".rf64": WAV, ".bw64": WAV, ".w64": WAV, ".aif": AIFF, ".aiff": AIFF, ".aifc": AIFF, ".ape": APE,
    ".wv": WAVPACK, ".mpc": MUSEPACK, ".mp+": MUSEPACK, ".mpp": MUSEPACK, ".dsf": DSF, ".tta": TTA,
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
    "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/x-w64",
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
    (b"ADIF", AAC),
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


def ogg_stream(head: bytes) -> Format | None:
    """Return the format of the first audio stream among those whose first pages ``head`` has."""
    at = 0
    while head[at : at + 4] == b"OggS" and len(head) > at + 27:
        lacing = head[at + 27 : at + 27 + head[at + 26]]
        content = at + 27 + len(lacing)
        form = starts_with(head[content : content + 16], OGG_CODECS)
        if form:
            return form
        at = content + sum(lacing)
    return None


def recognise(head: bytes) -> Format | None:
    """Return the format of content that begins with ``head``, None when it is none of these."""
    if head[:4] == b"OggS":
        return ogg_stream(head)
    if (head[:4] in {b"RIFF", b"RIFX", b"RF64", b"BW64"} and head[8:12] == b"WAVE") or head[:16] == W64_RIFF:
        return WAV
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return AIFF
    if head[4:8] == b"ftyp" or (head[4:8] in {b"moov", b"mdat", b"wide"} and head[:2] == b"\0\0"):
        return MP4
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return AAC if head[1] & 0xF6 == 0xF0 else MP3
    if _is_loas(head):
        return LOAS
    return starts_with(head, SIGNATURES)


def _is_loas(head: bytes) -> bool:
    """Return whether two frames of LOAS follow one another (ISO/IEC 14496-3, 1.7.2): 11 bits, and 13 of length."""
    second = 3 + ((head[1] & 0x1F) << 8 | head[2]) if len(head) > 2 else 0
    syncs = [head[at : at + 2] for at in (0, second)]
    return second > 3 and all(len(one) == 2 and one[0] == 0x56 and one[1] & 0xE0 == 0xE0 for one in syncs)


def detect(source: Source, path: str, start: int) -> Format:
    """Return the format of ``source``, whose content begins at ``start``; ``path`` serves for its ending only.

    Raises ``AudioFileError``: "not a valid FLAC file: …" where the name promises one, else "not an audio file …".
    """
    head = source.at(start, HEAD)
    form = recognise(head)
    promised = BY_EXTENSION.get("." + path.rpartition(".")[2].lower())
    if promised is MUSEPACK and musepack.is_old(head):  # it can look like MPEG audio
        return MUSEPACK
    if form is AAC and promised is FLAC and head[1] == 0xF8:  # a frame of FLAC begins in the same way
        form = None
    if form is None and (start or promised is MP3):
        return AAC if promised is AAC else MP3
    if form is None:
        what = f"a valid {promised.name} file" if promised else "an audio file of a known format"
        raise AudioFileError(f"not {what}: it begins with {_shown(head[:8])}")
    return form


def _shown(head: bytes) -> str:
    """Return how a file begins: as text where it is plain text, else its bytes in hexadecimal."""
    text = head.decode("ascii", "replace")
    return f'"{text}"' if text.isascii() and text.isprintable() else f"the bytes {head.hex(' ')}"
