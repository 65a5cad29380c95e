"""The time and the rates of WAV and AIFF files whose chunks lie, leave out or hide what is there."""

import struct
from collections.abc import Callable, Mapping

import pytest

from tests.audio import odd
from tests.vocabulary import has
from viewra.types.values import Value

SECOND = bytes(16_000)
"""A second of PCM as ``odd.wav_format()`` has it."""

PCM = {"codec": "pcm", "bits_per_sample": "16", "sample_rate": "8000", "channels": "1", "bitrate": "128000"}
FOUR_CHUNKS = odd.chunk(b"LIST", b"INFO" + odd.chunk(b"INAM", b"T\0"))


@pytest.mark.parametrize(
    "claimed", [0, 0x7FFF_FFFF, 0x7FFF_FFDB, 0x7FFF_F000, 0x8000_0000, 0xFFFF_FFDB, 0xFFFF_FFFF, 16_001]
)
def test_a_wav_file_written_to_a_pipe_is_as_long_as_what_is_there(
    facts: Callable[..., Mapping[str, Value]], claimed: int
) -> None:
    fields = facts("pipe.wav", odd.wav(odd.wav_format(), SECOND, claimed=claimed))
    has(fields, duration="1.000", warning=None, **PCM)


def test_an_empty_wav_file_with_tags_behind_has_no_time(facts: Callable[..., Mapping[str, Value]]) -> None:
    has(facts("empty.wav", odd.wav(odd.wav_format(), b"") + FOUR_CHUNKS), duration=None, title="T", warning=None)


@pytest.mark.parametrize(
    "content",
    [
        odd.rf64(odd.wav_format(), SECOND, after=FOUR_CHUNKS),
        odd.rf64(odd.wav_format(), SECOND, name=b"BW64"),
        odd.w64(odd.wav_format(), SECOND),
        odd.wav(odd.wav_format(order=">"), SECOND, order=">"),
        odd.wav(odd.wav_format(0xFFFE, extra=odd.extensible(1)), SECOND),
    ],
    ids=["rf64", "bw64", "w64", "rifx", "extensible"],
)
def test_relatives_of_wav(facts: Callable[..., Mapping[str, Value]], content: bytes) -> None:
    has(facts("large.wav", content), duration="1.000", **PCM)


def test_tags_behind_the_audio_of_an_rf64_file(facts: Callable[..., Mapping[str, Value]]) -> None:
    has(facts("large.wav", odd.rf64(odd.wav_format(), SECOND, after=FOUR_CHUNKS)), title="T")


@pytest.mark.parametrize(
    ("form", "audio", "more", "expected"),
    [
        (odd.wav_format(6, byte_rate=8000, block=1, bits=8), bytes(8000), b"", ("alaw", "1.000", "64000")),
        (odd.wav_format(0xFFFE, byte_rate=8000, block=1, bits=8, extra=odd.extensible(7)), bytes(8000), b"",
         ("mulaw", "1.000", "64000")),
        (odd.wav_format(2, byte_rate=4096, block=256, bits=4, extra=b"\xf4\1"), bytes(2560), b"",
         ("adpcm", "0.625", "32768")),
        (odd.wav_format(0x11, byte_rate=4055, block=256, bits=4, extra=b"\xf9\1"), bytes(2560),
         odd.chunk(b"fact", struct.pack("<I", 5000)), ("adpcm", "0.625", "32440")),
        (odd.wav_format(0x31, byte_rate=1625, block=65, bits=0, extra=b"\x40\1"), bytes(650), b"",
         ("gsm", "0.400", "13000")),
        (odd.wav_format(0x2000, byte_rate=16_000, block=1, bits=0), bytes(8000), b"", ("ac3", "0.500", "128000")),
        (odd.wav_format(0x1234, byte_rate=4000, block=1, bits=0), bytes(8000), b"", (None, "2.000", "32000")),
        (odd.wav_format(0x1234, byte_rate=0, block=1, bits=0), bytes(8000), odd.chunk(b"fact", b"\0\0\1\0"),
         (None, None, None)),
        (odd.wav_format(0x55, rate=44_100, byte_rate=0, block=1152, bits=0), odd.mp3_frames(*[9] * 50), b"",
         ("mp3", "1.306", "127706")),
    ],
    ids=["alaw", "mulaw", "adpcm-ms", "adpcm-ima-fact", "gsm", "ac3", "unknown", "unknown-and-no-rate", "mp3"],
)  # fmt: skip
def test_compressed_wav(
    facts: Callable[..., Mapping[str, Value]], form: bytes, audio: bytes, more: bytes, expected: tuple[str | None, ...]
) -> None:
    fields = facts("packed.wav", odd.wav(form, audio, more))
    assert (fields.get("codec"), fields.get("duration"), fields.get("bitrate")) == expected
    assert "bits_per_sample" not in fields


@pytest.mark.parametrize(
    ("kind", "audio", "frames", "expected"),
    [
        (b"", SECOND, 8000, ("pcm", "1.000", "16")),
        (b"sowt", SECOND, 8000, ("pcm", "1.000", "16")),
        (b"alaw", bytes(8000), 8000, ("alaw", "1.000", None)),
        (b"ULAW", bytes(8000), 8000, ("mulaw", "1.000", None)),
        (b"ima4", bytes(34 * 125), 125, ("adpcm", "1.000", None)),
        (b"GSM ", bytes(33 * 50), 8000, ("gsm", "1.000", None)),
        (b"QDMC", bytes(8000), 8000, (None, None, None)),
        (b"", SECOND, 0, ("pcm", None, "16")),
    ],
)
def test_aiff(
    facts: Callable[..., Mapping[str, Value]], kind: bytes, audio: bytes, frames: int, expected: tuple[str | None, ...]
) -> None:
    fields = facts("a.aiff", odd.aiff(kind, audio, frames=frames))
    assert (fields.get("codec"), fields.get("duration"), fields.get("bits_per_sample")) == expected
    assert "warning" not in fields
