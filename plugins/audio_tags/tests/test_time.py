"""The time and the rates of files whose headers lie, leave out or hide what is there."""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.audio_tags.service import AudioFileError
from viewra_plugins.audio_tags.service.reader import read

from tests.audio import odd
from tests.audio.damage import atom
from tests.audio.encode import silent_ape
from tests.vocabulary import check, has
from viewra.types.values import Value

SECOND = bytes(16_000)
"""A second of PCM as ``odd.wav_format()`` has it."""


def mp4(*parts: bytes, name: bytes = b"mp4a", **options: Any) -> bytes:
    return odd.mp4(odd.entry(name, *parts), **options)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (mp4(odd.esds(b"\x12\x08")), ("aac", "44100", "1")),
        (mp4(odd.esds(b"\x12\x10")), ("aac", "44100", "2")),
        (mp4(odd.esds(b"\x12\x30")), ("aac", "44100", "6")),
        (mp4(odd.esds(b"\x12\x38")), ("aac", "44100", "8")),
        (mp4(odd.esds(b"\x2b\x8a\x08\x00")), ("aac", "44100", "1")),  # SBR over 22.05 kHz
        (mp4(odd.esds(b"\xeb\x8a\x08\x00")), ("aac", "44100", "2")),  # and parametric stereo
        (mp4(odd.esds(b"\x13\x88\x56\xe5\xa0")), ("aac", "44100", "1")),  # SBR that old decoders do not see
        (mp4(odd.esds(b"", kind=0x6B)), ("mp3", "44100", "2")),
        (mp4(atom(b"dOps", struct.pack(">BBHIhB", 0, 1, 312, 16_000, 0, 0)), name=b"Opus"), ("opus", "48000", "1")),
        (mp4(atom(b"dac3", b"\x10\x3d\xc0"), name=b"ac-3"), ("ac3", "48000", "6")),
        (mp4(name=b"none"), (None, "44100", "2")),
    ],
)  # fmt: skip
def test_the_configuration_of_the_codec_counts(
    facts: Callable[..., Mapping[str, Value]], content: bytes, expected: tuple[str | None, ...]
) -> None:
    fields = facts("a.m4a", content)
    assert (fields.get("codec"), fields["sample_rate"], fields["channels"]) == expected
    assert fields["duration"] == "1.000"


def test_the_times_of_fragments_count(facts: Callable[..., Mapping[str, Value]]) -> None:
    fields = facts("a.mp4", mp4(fragments=((43, 0), (1, 68))))  # 43 × 1024 ticks by default, and one of 68
    has(fields, duration="1.000", warning=None)


def test_a_fragmented_file_without_fragments_has_no_time(facts: Callable[..., Mapping[str, Value]]) -> None:
    content = mp4(fragments=((1, 1),))
    assert "duration" not in facts("a.mp4", content[: content.index(b"moof") - 4])


def test_a_lying_header_of_an_mp3_file_is_not_believed(facts: Callable[..., Mapping[str, Value]]) -> None:
    fields = facts("a.mp3", odd.xing_frame(100_000, 100_000 * 417) + odd.mp3_frames(*[9] * 9))
    has(fields, duration="0.235", warning="the file ends after 0.235 s of 2612.245 s of audio")


def test_an_mp3_file_of_varying_bit_rate_without_a_header(facts: Callable[..., Mapping[str, Value]]) -> None:
    fields = facts("a.mp3", odd.mp3_frames(*[9, 9, 9, 9, 9, 5] * 50))
    has(fields, duration=f"{300 * 1152 / 44100:.3f}")
    large = odd.mp3_frames(*[9] * 100, *[1] * 1000)
    assert len(large) > 64 * 1024
    has(facts("a.mp3", large), duration=f"{1100 * 1152 / 44100:.3f}")


def test_an_mp3_file_of_constant_bit_rate_is_not_read_as_a_whole(
    facts: Callable[..., Mapping[str, Value]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from viewra_plugins.audio_tags.service import frames

    monkeypatch.setattr(frames, "walk", None)
    has(facts("a.mp3", odd.mp3_frames(*[9] * 1000)), duration="26.062", bitrate="128000")


def test_aac_counts_its_frames(facts: Callable[..., Mapping[str, Value]]) -> None:
    has(facts("a.aac", odd.adts_frames(50)), duration="1.161", channels="2", sample_rate="44100", codec="aac")


def test_wavpack_of_another_rate_and_with_many_channels(facts: Callable[..., Mapping[str, Value]]) -> None:
    rate = odd.wavpack_block(500, 500, rate_code=15, metadata=b"\x67\2\xe8\3\0\0")
    has(facts("a.wv", rate), sample_rate="1000", duration="0.500")
    channels = odd.wavpack_block(4410, 4410, metadata=b"\x0d\1\6\0")
    has(facts("a.wv", channels), channels="6", duration="0.100")
    first, last = 1 | 1 << 11, 1 | 1 << 12 | 1 << 2
    blocks = odd.wavpack_block(4410, 4410, flags=first) + odd.wavpack_block(4410, 4410, flags=last)
    has(facts("a.wv", blocks), channels="3")


def test_wavpack_of_unknown_length(facts: Callable[..., Mapping[str, Value]]) -> None:
    blocks = [odd.wavpack_block(4410, 0xFFFF_FFFF, index=n * 4410) for n in range(3)]
    has(facts("a.wv", b"".join(blocks)), duration="0.300", warning=None)


def test_true_audio_says_all(facts: Callable[..., Mapping[str, Value]]) -> None:
    has(facts("a.tta", odd.tta(8000, 20_000, channels=2)), channels="2", bits_per_sample="16", duration="2.500")


def test_the_audio_beside_a_film_in_one_ogg_file(facts: Callable[..., Mapping[str, Value]]) -> None:
    theora = odd.ogg_page(b"\x80theora\3\2\1" + bytes(30), serial=1, flags=2)
    film = odd.ogg_page(bytes(3000), serial=1, granule=99_999_999, flags=4)
    first, headers, audio = odd.vorbis_pages(2, b"TITLE=T")
    content = theora + first + odd.ogg_page(bytes(40), serial=1) + headers + audio + film
    fields = facts("a.ogg", content)
    has(fields, codec="vorbis", duration="1.000", title="T", warning=None)
    assert "bitrate" not in fields


def test_several_ogg_streams_one_after_the_other(facts: Callable[..., Mapping[str, Value]]) -> None:
    fields = facts("a.ogg", b"".join(odd.vorbis_pages(1, b"TITLE=T") + odd.vorbis_pages(2)))
    has(fields, title="T", duration=None)
    assert "one after the other" in fields["warning"]


def test_an_ogg_stream_that_was_cut_out_of_a_longer_one(facts: Callable[..., Mapping[str, Value]]) -> None:
    *headers, _ = odd.vorbis_pages(1)
    pages = [odd.ogg_page(bytes(500), serial=1, granule=n * 8000, flags=4 * (n == 103)) for n in range(100, 104)]
    has(facts("a.ogg", b"".join(headers + pages)), duration="3.128")  # and a packet of the first page


NO_AUDIO = mp4(chunks=4)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.flac", odd.flac(audio=bytes(100), samples=80_000_000)),
        ("a.m4a", NO_AUDIO[: NO_AUDIO.index(b"mdat") - 4]),
        ("a.wv", odd.wavpack_block(4410, 0xFFFF_FFFF) + odd.wavpack_block(4410, 0xFFFF_FFFF, index=4_000_000_000)),
        ("a.tta", odd.tta(8000, 80_000_000)[:1000]),
        ("a.ape", silent_ape(44_100, 60)[:80]),
    ],
)
def test_a_file_without_the_audio_that_its_header_claims_has_no_such_time(
    facts: Callable[..., Mapping[str, Value]], name: str, content: bytes
) -> None:
    fields = facts(name, content)
    assert float(str(fields.get("duration", 0))) < 1
    assert "sample_rate" in fields


@pytest.mark.parametrize(
    ("name", "content", "whole"),
    [
        ("a.wav", odd.wav(odd.wav_format(), SECOND * 4), 4),
        ("a.aiff", odd.aiff(b"", SECOND * 4, frames=32_000), 4),
        ("a.tta", odd.tta(8000, 8359 * 20), 20.9),
        ("a.wv", b"".join(odd.wavpack_block(4410, 44_100, index=n * 4410) for n in range(10)), 1),
        ("a.m4a", odd.mp4(odd.entry(b"mp4a"), chunks=20, audio=bytes(20_000)), 1),
        ("a.mp3", odd.xing_frame(1000, 418_000) + odd.mp3_frames(*[9] * 1000), 26.1),
    ],
)
def test_half_a_file_has_half_the_time_and_says_so(
    facts: Callable[..., Mapping[str, Value]], name: str, content: bytes, whole: float
) -> None:
    assert "warning" not in facts(name, content)
    assert float(str(facts(name, content)["duration"])) == pytest.approx(whole, rel=0.01)
    half = facts(name, content[: len(content) // 2])
    assert whole * 0.38 < float(str(half["duration"])) < whole * 0.52
    assert "the file ends after" in half["warning"]


def test_three_quarters_of_a_sample(sample: Path, tmp_path: Path) -> None:
    """A sample without its end is read as far as it goes, or refused because it needs what is missing."""
    whole = read(str(sample))
    content = sample.read_bytes()
    copy = tmp_path / sample.name
    copy.write_bytes(content[: len(content) * 3 // 4])
    try:
        fields = read(str(copy))
    except AudioFileError as error:
        fields = {"warning": str(error)}
    check(fields)
    assert float(str(fields.get("duration", 0))) <= float(str(whole["duration"]))
    if fields.get("duration") != whole["duration"]:
        assert "ends" in fields["warning"]


def _adif(*, varies: bool, copyrighted: bool) -> bytes:
    """A header of ADIF for 44.1 kHz in stereo that states 64 kbit/s, and a second of that."""
    bits = ("1" + "0" * 72 if copyrighted else "0") + f"00{varies:b}{64_000:023b}{0:04b}" + ("" if varies else "0" * 20)
    bits += f"{0:04b}{1:02b}{4:04b}{1:04b}{0:04b}{0:04b}{0:02b}{0:03b}{0:04b}000" + "10000"  # one pair in front
    bits += "0" * (-len(bits) % 8) + "0" * 8
    header = b"ADIF" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    return header + bytes(8000 - len(header))


@pytest.mark.parametrize("copyrighted", [False, True])
def test_of_adif_with_a_variable_bitrate_only_the_highest_is_stated(
    facts: Callable[..., Mapping[str, Value]], copyrighted: bool
) -> None:
    known = {"codec": "aac", "sample_rate": "44100", "channels": "2"}
    has(facts("a.aac", _adif(varies=False, copyrighted=copyrighted)), **known, duration="1.000", bitrate="64000")
    found = facts("a.aac", _adif(varies=True, copyrighted=copyrighted))
    has(found, **known)
    assert found.keys().isdisjoint({"duration", "bitrate"})
