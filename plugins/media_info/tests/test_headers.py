"""Headers of which libav tells only a part, or believes too much."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from viewra_plugins.media_info.service import ends, musepack, wavpack
from viewra_plugins.media_info.service.limits import Limits
from viewra_plugins.media_info.service.reader import read
from viewra_plugins.media_info.service.source import open_source

from viewra.types.values import Value


def fields(path: Path, content: bytes) -> dict[str, Value]:
    path.write_bytes(content)
    return read(str(path), Limits())


def block(samples: int, flags: int = 0, *, index: int = 0, total: int = 1000, body: bytes = b"\0\0") -> bytes:
    """One block of WavPack."""
    return b"wvpk" + struct.pack("<IHBBIIIII", 24 + len(body), 0x407, 0, 0, total, index, samples, flags, 0) + body


MONO, FIRST, LAST, DSD = wavpack.MONO, wavpack.INITIAL, wavpack.FINAL, wavpack.DSD


@pytest.mark.parametrize(
    ("blocks", "channels", "is_dsd"),
    [
        ([block(9, FIRST | LAST)], 2, False),
        ([block(9, FIRST | LAST | MONO), block(9, FIRST | LAST | MONO)], 1, False),
        ([block(9, FIRST | MONO), block(9, MONO), block(9), block(9, LAST | MONO)], 5, False),
        ([block(0), block(9, FIRST | LAST | DSD)], 2, True),
        ([block(9, FIRST)], 0, False),
        ([block(9, LAST)], 0, False),
        ([b"TAG"], 0, False),
    ],
)
def test_wavpack_counts_the_channels_of_all_blocks_of_a_frame(
    tmp_path: Path, blocks: list[bytes], channels: int, is_dsd: bool
) -> None:
    (tmp_path / "a.wv").write_bytes(b"".join(blocks))
    with open_source(str(tmp_path / "a.wv"), Limits()) as source:
        assert wavpack.sound(source, 0) == wavpack.Sound(channels, is_dsd)


def test_wavpack_of_two_streams_and_of_dsd(samples: Path, tmp_path: Path) -> None:
    content = bytearray((samples / "tone.wv").read_bytes())
    (flags,) = struct.unpack_from("<I", content, 24)
    plain = fields(tmp_path / "a.wv", bytes(content))
    struct.pack_into("<I", content, 24, flags | DSD)
    # a block without a multiplier of its own has four times the rate in bytes a second, as libav takes it
    assert int(str(fields(tmp_path / "a.wv", bytes(content))["sample_rate"])) == 8 * 4 * int(str(plain["sample_rate"]))
    struct.pack_into("<I", content, 24, flags & ~LAST)
    second = bytearray(content[: 8 + struct.unpack_from("<I", content, 4)[0]])
    struct.pack_into("<I", second, 24, flags & ~FIRST)
    many = fields(tmp_path / "b.wv", bytes(content[: len(second)] + second + content[len(second) :]))
    assert int(str(many["channels"])) == 2 * int(str(plain["channels"]))
    assert "channel_layout" not in many


def test_wavpack_may_end_with_a_block_without_samples(samples: Path, tmp_path: Path) -> None:
    whole = (samples / "tone.wv").read_bytes()
    plain = fields(tmp_path / "a.wv", whole)
    found = fields(tmp_path / "a.wv", whole + block(0, total=0, body=bytes(500)))
    assert (found.get("duration"), found.get("warning")) == (plain["duration"], None)
    with open_source(str(tmp_path / "a.wv"), Limits()) as source:
        assert ends._wavpack_ends(source)


def sv8(samples: int, silence: int, rate: int = 0) -> bytes:
    """The beginning of a Musepack file of stream version 8."""

    def number(value: int) -> bytes:
        low = bytes([value & 0x7F])
        while value := value >> 7:
            low = bytes([value & 0x7F | 0x80]) + low
        return low

    body = bytes(4) + b"\x08" + number(samples) + number(silence) + bytes([rate << 5, 0x13])
    return b"MPCK" + b"RG\x03" + b"SH" + bytes([3 + len(body)]) + body


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 20))
def test_musepack_has_the_samples_of_its_header(
    tmp_path_factory: pytest.TempPathFactory, samples: int, silence: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "a.mpc"
    path.write_bytes(sv8(samples, silence))
    with open_source(str(path), Limits()) as source:
        assert musepack.seconds(source, 0) == max(0, samples - silence) / 44_100


@given(st.binary(max_size=60))
def test_musepack_of_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.mpc"
    path.write_bytes(b"MPCK" + content)
    with open_source(str(path), Limits()) as source:
        assert musepack.seconds(source, 0) >= 0


@given(st.integers(0, (1 << 36) - 1))
def test_numbers_of_frames_are_read_as_they_are_coded(number: int) -> None:
    assert ends._decoded(ends._coded(number)) == number


@given(st.binary(max_size=8))
def test_numbers_of_frames_of_any_bytes(content: bytes) -> None:
    number = ends._decoded(content)
    assert number == -1 or 0 <= number < 1 << 36


@pytest.mark.parametrize(("first", "ended"), [(9000, True), (10_000, False), (5000, False)])
def test_flac_with_blocks_of_different_sizes(tmp_path: Path, first: int, ended: bool) -> None:
    header = struct.pack(">HH6xQ", 16, 4096, 44_100 << 44 | 10_000) + bytes(16)
    (tmp_path / "a.flac").write_bytes(b"\xff\xf9\xc9\x18" + ends._coded(first) + bytes(100))
    with open_source(str(tmp_path / "a.flac"), Limits()) as source:
        assert ends._flac_ends(source, header) is ended


def test_garbage_between_frames_of_mp3_is_no_time(samples: Path, tmp_path: Path) -> None:
    mp3 = (samples / "bare.mp3").read_bytes()
    plain = fields(tmp_path / "a.mp3", mp3)
    found = fields(tmp_path / "a.mp3", mp3 + bytes(20_000) + mp3)
    assert float(str(found["duration"])) == pytest.approx(2 * float(str(plain["duration"])), abs=0.1)


def test_a_bitrate_that_the_file_cannot_hold_is_not_told(samples: Path, tmp_path: Path) -> None:
    content = bytearray((samples / "old.wmv").read_bytes())
    assert "bitrate" in fields(tmp_path / "a.wmv", bytes(content))
    audio = content.index(bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b"))  # ASF's id of a stream of audio
    struct.pack_into("<I", content, audio + 54 + 8, 40_000_000)  # the bytes a second of its WAVEFORMATEX
    found = fields(tmp_path / "a.wmv", bytes(content))
    assert "bitrate" not in found
    assert found["codec"] == "wma"


def test_of_aac_in_adif_which_libav_does_not_know_nothing_is_said(tmp_path: Path) -> None:
    assert fields(tmp_path / "a.aac", b"ADIF" + bytes(100)) == {}
