"""Files that hold less than they say: tags and audio of which the end is missing, or all of it."""

import struct
from collections.abc import Mapping
from pathlib import Path

import pytest
from viewra_plugins.audio_tags.service import AudioFileError
from viewra_plugins.audio_tags.service.reader import read

from tests.audio import odd
from tests.audio.damage import atom
from tests.vocabulary import check
from viewra.types.values import Value


def fields(path: Path, content: bytes) -> Mapping[str, Value]:
    path.write_bytes(content)
    found = read(str(path))
    check(found)
    return found


def frame(name: bytes, text: bytes, version: int = 4) -> bytes:
    """A frame of ID3v2.3 or 2.4, or of 2.2, with a text."""
    body = b"\0" + text
    if version == 2:
        return name + len(body).to_bytes(3, "big") + body
    return name + struct.pack(">IH", len(body), 0) + body


def id3(frames: bytes, *, version: int = 4, claimed: int = 100_000, flags: int = 0) -> bytes:
    size = bytes(claimed >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, flags]) + size + frames


@pytest.mark.parametrize(
    ("version", "names"), [(2, (b"TT2", b"TP1")), (3, (b"TIT2", b"TPE1")), (4, (b"TIT2", b"TPE1"))]
)
def test_whole_frames_of_a_tag_that_is_cut_off_count(tmp_path: Path, version: int, names: tuple[bytes, bytes]) -> None:
    title, artist = (frame(name, b"what it says", version) for name in names)
    found = fields(tmp_path / "a.mp3", id3(title + artist[:-3], version=version))
    assert found == {
        "title": "what it says",
        "has_picture": "false",
        "warning": [
            f"its ID3 tag is cut off: {len(title + artist) - 3} of 100,000 bytes are there",
            "the file ends before its audio",
        ],
    }


@pytest.mark.parametrize("flags", [0x80, 0x40])
def test_any_flag_of_a_tag_that_is_cut_off(tmp_path: Path, flags: int) -> None:
    tag = id3(frame(b"TIT2", b"\xff\x00text", 3), version=3, flags=flags)
    with pytest.raises(AudioFileError, match="its ID3 tag is cut off: "):
        fields(tmp_path / "a.mp3", tag[:-2])


@pytest.mark.parametrize("version", [4, 5, 6])
def test_musepack_without_a_signature(tmp_path: Path, version: int) -> None:
    count = 100 if version == 6 else 101
    head = struct.pack("<I", version << 11 | 0x10) + struct.pack("<HH" if version == 4 else "<I", *(
        (0, count) if version == 4 else (count,)
    ))  # fmt: skip
    found = fields(tmp_path / "a.mpc", head + bytes(10_000))
    assert (found["codec"], found["sample_rate"], found["channels"]) == ("musepack", "44100", "2")
    assert found["duration"] == f"{(100 * 1152 - 576) / 44100:.3f}"


def test_a_film_tells_no_bitrate_of_its_audio_by_its_size(tmp_path: Path) -> None:
    film = atom(b"trak", atom(b"mdia", atom(b"hdlr", bytes(8) + b"vide" + bytes(13))))
    description = odd.entry(b"mp4a", odd.esds(b"\x12\x10", bitrate=0))
    assert "bitrate" in fields(tmp_path / "a.m4a", odd.mp4(description))
    assert "bitrate" not in fields(tmp_path / "a.mp4", odd.mp4(description, film))


def test_the_audio_of_an_mp4_is_where_its_table_says(tmp_path: Path) -> None:
    description = odd.entry(b"mp4a", odd.esds(b"\x12\x10"))
    whole = odd.mp4(description)
    none = fields(tmp_path / "none.m4a", whole[: whole.index(b"mdat") - 4])
    assert "duration" not in none
    assert none["warning"] == "the file ends after 0.000 s of 1.000 s of audio"
    mdat = whole.index(b"mdat")
    short = whole[: mdat - 4] + atom(b"mdat", b"")
    assert "duration" not in fields(tmp_path / "short.m4a", short)


@pytest.mark.parametrize(("mode", "channels"), [(0xC0, "1"), (0x40, "2")])
def test_mpeg_audio_in_mp4_has_the_channels_of_its_frames(tmp_path: Path, mode: int, channels: str) -> None:
    description = odd.entry(b"mp4a", odd.esds(b"", kind=0x6B), channels=2)
    frames = bytearray(odd.mp3_frames(9))
    frames[3] = mode
    assert fields(tmp_path / "a.mp4", odd.mp4(description, audio=bytes(frames)))["channels"] == channels


@pytest.mark.parametrize("code", range(16))
def test_any_size_of_a_flac_block(tmp_path: Path, code: int) -> None:
    head = bytes([0xFF, 0xF8, code << 4, 8, 0, 0])
    fields(tmp_path / "a.flac", odd.flac(audio=head + bytes(2000)))


def test_a_page_of_an_ogg_stream_may_hold_seconds(tmp_path: Path) -> None:
    *headers, _ = odd.vorbis_pages(1)
    packets = struct.pack("<4sBBqIIIB", b"OggS", 0, 4, 60_000, 1, 2, 0, 60) + b"\x05" * 60 + bytes(300)
    assert fields(tmp_path / "a.ogg", b"".join(headers) + packets)["duration"] == "7.500"


def test_a_page_of_ogg_without_its_end_is_not_heard(tmp_path: Path) -> None:
    *headers, _ = odd.vorbis_pages(1)
    pages = [odd.ogg_page(bytes(500), serial=1, granule=n * 8000, flags=4 * (n == 2)) for n in (1, 2)]
    found = fields(tmp_path / "a.ogg", b"".join(headers + pages)[:-200])
    assert (found["duration"], found["warning"]) == ("1.000", "the file ends early, after 1.000 s of audio")


def test_the_used_bits_of_an_extensible_wav_count(tmp_path: Path) -> None:
    extra = struct.pack("<HIH", 20, 3, 1) + bytes.fromhex("000000001000800000aa00389b71")
    form = odd.wav_format(0xFFFE, rate=8000, byte_rate=32_000, block=4, bits=32, extra=extra)
    found = fields(tmp_path / "a.wav", odd.wav(form, bytes(32_000)))
    assert (found["bits_per_sample"], found["bitrate"], found["duration"]) == ("20", "256000", "1.000")


def test_a_rate_that_no_samples_have_is_no_bitrate(tmp_path: Path) -> None:
    form = odd.wav_format(3, channels=1, rate=8000, byte_rate=0x7FFF_FFFF, block=60_000, bits=32)
    assert "bitrate" not in fields(tmp_path / "a.wav", odd.wav(form, bytes(100)))


def test_no_words_of_python_are_in_a_reason(tmp_path: Path) -> None:
    for name, content in (
        ("a.mpc", b"MPCKSH\x0f" + bytes(7) + b"\0"),
        ("a.flac", b"fLaC\x06\0\0\x08" + bytes(8)),
        ("a.wav", b"RIFF\0\0\0\0WAVEds64\x02\0\0\0\0\0"),
        ("a.aiff", b"FORMd|v\tILBM"),
    ):
        with pytest.raises(AudioFileError) as caught:
            fields(tmp_path / name, content)
        text = str(caught.value)
        assert not any(word in text for word in ("Error", "unpack", "b'", 'b"', "struct", "index out")), text


def test_flac_in_ogg_may_have_no_last_block(tmp_path: Path) -> None:
    info = odd.flac(samples=0)[8:42]
    first = b"\x7fFLAC\x01\x00\x00\x01fLaC\x00\x00\x00\x22" + info
    comment = b"\x04\x00\x00" + bytes([len(odd.comments())]) + odd.comments()
    pages = [
        odd.ogg_page(first, serial=1, flags=2),
        odd.ogg_page(comment, serial=1),
        odd.ogg_page(b"\xff\xf8" + bytes(400), serial=1, granule=20_000),
        odd.ogg_page(b"\xff\xf8" + bytes(400), serial=1, granule=24_000, flags=4),
    ]
    found = fields(tmp_path / "a.oga", b"".join(pages))
    assert found["duration"] == f"{(24_000 - 20_000 + 4096) / 8000:.3f}"
