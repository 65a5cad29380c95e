"""Reads how the audio of an MP4 track is coded: the sample description, and the codec's own configuration in it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from . import flac
from .facts import Facts
from .source import AudioFileError

PCM = (b"sowt", b"twos", b"lpcm", b"in24", b"in32", b"fl32", b"fl64", b"raw ", b"NONE", b"ipcm", b"fpcm")
CODECS = {
    b"mp4a": "aac", b"alac": "alac", b"Opus": "opus", b"fLaC": "flac", b"ac-3": "ac3", b"ec-3": "eac3", b"ac-4": "ac4",
    b".mp3": "mp3", b"samr": "amr_nb", b"sawb": "amr_wb", b"ulaw": "mulaw", b"alaw": "alaw", b"ima4": "adpcm",
    b"dtsc": "dts", b"dtse": "dts", b"dtsh": "dts", b"dtsl": "dts", b"agsm": "gsm", b"ms\0\x55": "mp3",
    b"ms\0\x02": "adpcm", b"ms\0\x11": "adpcm", **dict.fromkeys(PCM, "pcm"),
}  # fmt: skip
"""By the name of the sample description."""

OBJECT_TYPES = {
    **dict.fromkeys((0x40, 0x66, 0x67, 0x68), "aac"), 0x69: "mp3", 0x6B: "mp3", 0xA5: "ac3", 0xA6: "eac3", 0xA9: "dts",
    0xAD: "opus", 0xDD: "vorbis", 0xE1: "qcelp", 0x60: "", 0x6A: "",
}  # fmt: skip
"""By the object type of MPEG-4's descriptor."""

PROTECTED = {b"drms", b"enca"}
BITS = {b"in24": 24, b"in32": 32, b"fl32": 32, b"fl64": 64}
RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}
"""Channels by AAC's channel configuration; 0 is defined elsewhere in the stream."""

AC3_CHANNELS = (2, 1, 2, 3, 3, 4, 4, 5)
"""By AC-3's audio coding mode, without the channel for low frequencies."""

SBR, PS, ALS = 5, 29, 36


def read(facts: Facts, description: bytes) -> None:
    """Read the first entry of a ``stsd`` atom. Raises ``AudioFileError`` when there is none."""
    if len(description) < 8 + 36:
        raise AudioFileError("its audio track has no description")
    size = int.from_bytes(description[8:12], "big")
    name = description[12:16]
    entry = description[16 : 8 + size]
    version, channels, bits = struct.unpack_from(">H6xHH", entry, 8)
    rate = struct.unpack_from(">I", entry, 24)[0] / 65536
    at = {1: 44, 2: 64}.get(version, 28)
    if version == 2 and len(entry) >= 64:
        rate, channels = struct.unpack_from(">dI", entry, 32)
        (bits,) = struct.unpack_from(">I", entry, 48)
    facts.codec = CODECS.get(name, "")
    facts.sample_rate = round(rate) if 0 < rate < 1e9 else 0
    facts.channels = channels
    if facts.codec == "pcm":
        facts.bits = BITS.get(name, bits)
    for kind, data in _parts(entry, at, 0):
        facts.attempt("the description of its audio", _configure, facts, kind, data)
        if kind == b"frma" and name in PROTECTED:
            facts.codec = CODECS.get(data[:4], "")
    if name == b"drms" and not facts.codec:
        facts.codec = "aac"


def _parts(entry: bytes, at: int, depth: int) -> Iterator[tuple[bytes, bytes]]:
    """The atoms in a sample description, those within QuickTime's ``wave`` and within ``sinf`` too."""
    while at + 8 <= len(entry):
        size = int.from_bytes(entry[at : at + 4], "big")
        name = entry[at + 4 : at + 8]
        if size < 8:
            return
        data = entry[at + 8 : at + size]
        if name in {b"wave", b"sinf"} and depth < 2:
            yield from _parts(data, 0, depth + 1)
        else:
            yield name, data
        at += size


def _configure(facts: Facts, kind: bytes, data: bytes) -> None:
    if kind == b"esds":
        _read_esds(facts, data[4:])
    elif kind == b"alac" and len(data) >= 28:
        facts.bits, facts.channels = data[9], data[13]
        facts.bitrate, rate = struct.unpack_from(">II", data, 20)
        facts.sample_rate = rate or facts.sample_rate
    elif kind == b"dOps" and len(data) >= 11:
        facts.channels = data[1]
        facts.sample_rate = 48_000
    elif kind == b"dfLa":
        info = flac.stream_info(data[8:])
        facts.sample_rate, facts.channels, facts.bits = info.rate, info.channels, info.bits
    elif kind == b"dac3" and len(data) >= 3:
        packed = int.from_bytes(data[:3], "big")
        facts.channels = AC3_CHANNELS[packed >> 11 & 7] + (packed >> 10 & 1)
        rate = (48000, 44100, 32000, 0)[packed >> 22]
        facts.sample_rate = rate or facts.sample_rate
    elif kind == b"dec3":
        _read_eac3(facts, Bits(data))


def _read_eac3(facts: Facts, bits: Bits) -> None:
    """Enhanced AC-3's own description (ETSI TS 102 366, F.6): its first substream, and whether others add channels."""
    bits.take(16)
    rate = (48000, 44100, 32000, 0)[bits.take(2)]
    bits.take(10)
    channels = AC3_CHANNELS[bits.take(3)] + bits.take(1)
    bits.take(3)
    facts.channels = 0 if bits.take(4) else channels
    facts.sample_rate = rate or facts.sample_rate


def _read_esds(facts: Facts, data: bytes) -> None:
    """MPEG-4's descriptors: of the stream, in it the decoder's, and in that the codec's own configuration."""
    at = 0
    while at + 2 <= len(data):
        tag = data[at]
        size, at = _length(data, at + 1)
        if tag == 3:
            flags = data[at + 2]
            at += 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
            if flags & 0x40:
                at += 1 + data[at]
        elif tag == 4:
            facts.codec = OBJECT_TYPES.get(data[at], facts.codec)
            (average,) = struct.unpack_from(">I", data, at + 9)
            facts.bitrate = average
            at += 13
        elif tag == 5:
            if facts.codec == "aac":
                _read_aac(facts, data[at : at + size])
            return
        else:
            at += size


def _length(data: bytes, at: int) -> tuple[int, int]:
    """The length of a descriptor, seven bits a byte, and where its content begins."""
    size = 0
    for _ in range(4):
        byte = data[at]
        at += 1
        size = size << 7 | byte & 0x7F
        if not byte & 0x80:
            break
    return size, at


class Bits:
    """Reads numbers of any width from bytes; raises ``EOFError`` behind their end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self.left = len(data) * 8
        """Bits that are still to come."""

    def take(self, width: int) -> int:
        """Return the next ``width`` bits."""
        self.left -= width
        if self.left < 0:
            raise EOFError
        return self._value >> self.left & (1 << width) - 1


def _read_aac(facts: Facts, data: bytes) -> None:
    """Read an AudioSpecificConfig, which overrides the sample description."""
    bits = Bits(data[:64])
    kind = _object_type(bits)
    rate = _rate(bits)
    configuration = bits.take(4)
    channels = CHANNELS.get(configuration, 0)
    if kind in {SBR, PS}:
        channels = 2 if kind == PS and channels == 1 else channels
        rate = _rate(bits) or rate
        kind = _object_type(bits)
    elif kind in {1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23}:
        channels, rate = _extension(bits, kind, configuration, channels, rate)
    if kind == ALS:
        facts.codec = "als"
    facts.sample_rate = rate or facts.sample_rate
    facts.channels = channels or facts.channels


def _extension(bits: Bits, kind: int, configuration: int, channels: int, rate: int) -> tuple[int, int]:
    """Read the part after the configuration, which decoders without SBR ignore."""
    try:
        bits.take(1)
        if bits.take(1):
            bits.take(14)
        if bits.take(1) or not configuration or kind in {6, 20}:
            return channels, rate
        if bits.left >= 16 and bits.take(11) == 0x2B7 and _object_type(bits) == SBR and bits.take(1):
            rate = _rate(bits) or rate
            if bits.left >= 12 and bits.take(11) == 0x548 and bits.take(1) and channels == 1:
                channels = 2
    except EOFError:
        pass
    return channels, rate


def _object_type(bits: Bits) -> int:
    kind = bits.take(5)
    return 32 + bits.take(6) if kind == 31 else kind


def _rate(bits: Bits) -> int:
    index = bits.take(4)
    if index == 15:
        return bits.take(24)
    return RATES[index] if index < len(RATES) else 0
