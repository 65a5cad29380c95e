"""What a file does not tell, or tells wrongly, is left out or mended."""

import os
import struct
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from viewra_plugins.media_info.service import audio, clocks, ends, reader
from viewra_plugins.media_info.service.limits import Limits
from viewra_plugins.media_info.service.reader import read
from viewra_plugins.media_info.service.source import MediaFileError, open_source
from viewra_plugins.media_info.service.texts import several

from viewra.types.values import Value


def fields(path: Path, content: bytes, limits: Limits | None = None) -> dict[str, Value]:
    path.write_bytes(content)
    return read(str(path), limits or Limits())


def test_an_uneven_film_has_no_frame_rate(samples: Path) -> None:
    assert "frame_rate" not in read(str(samples / "uneven.mp4"), Limits())


@pytest.mark.parametrize("name", ["tv.ts", "disc.mpg"])
def test_a_clock_that_starts_again_gives_no_duration(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(clocks, "WINDOW", 8 << 10)  # recordings are larger than the samples
    once = (samples / name).read_bytes()
    assert "duration" in fields(tmp_path / "once", once)
    twice = fields(tmp_path / "twice", once + once)
    assert twice["video_codec"] == "mpeg2video"
    assert twice.keys().isdisjoint({"duration", "overall_bitrate"})


def test_a_clock_that_jumps_ahead_gives_no_duration(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clocks, "WINDOW", 8 << 10)
    content = bytearray((samples / "tv.ts").read_bytes())
    for at in range(len(content) // 2 // 188 * 188, len(content), 188):
        if content[at + 3] & 0x20 and content[at + 4] >= 7 and content[at + 5] & 0x10:
            clock = int.from_bytes(content[at + 6 : at + 11], "big") + (1000 * 90_000 << 7)
            content[at + 6 : at + 11] = clock.to_bytes(5, "big")
    assert "duration" not in fields(tmp_path / "jump", bytes(content))


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0x7FFFFFDB, 0x80000000, 0xFFFFFFFF, 32_001])
def test_sizes_of_a_wav_written_to_a_pipe(samples: Path, tmp_path: Path, size: int) -> None:
    content = bytearray((samples / "tone.wav").read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", size)
    assert float(str(fields(tmp_path / "a.wav", bytes(content))["duration"])) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("name", "part", "seconds"), [("tone.wav", 0.5, 0.5), ("tone.mp3", 0.5, 1.0), ("tone.aac", 0.5, 0.5)]
)
def test_a_truncated_file_has_the_time_of_what_is_there(
    samples: Path, tmp_path: Path, name: str, part: float, seconds: float
) -> None:
    whole = (samples / name).read_bytes()
    found = fields(tmp_path / name, whole[: round(len(whole) * part)])
    assert float(str(found["duration"])) == pytest.approx(seconds, abs=0.05)


def test_an_index_that_points_behind_the_end_gives_no_duration(samples: Path, tmp_path: Path) -> None:
    content = bytearray((samples / "book.m4b").read_bytes())
    place = content.index(b"stco") + 8
    (count,) = struct.unpack_from(">I", content, place)
    for entry in range(place + 4, place + 4 + 4 * count, 4):
        (offset,) = struct.unpack_from(">I", content, entry)
        struct.pack_into(">I", content, entry, offset + 8000)
    found = fields(tmp_path / "book.m4b", bytes(content))
    assert found["codec"] == "aac"
    assert "duration" not in found
    assert "ends before" in found["warning"]


@pytest.mark.parametrize("name", ["tone.flac", "tone.wv", "tone.tta"])
def test_a_header_that_claims_more_than_is_there_gives_no_duration(samples: Path, tmp_path: Path, name: str) -> None:
    whole = (samples / name).read_bytes()
    found = fields(tmp_path / name, whole[: len(whole) * 6 // 10])
    assert found["codec"] in {"flac", "wavpack", "tta"}
    assert found.keys().isdisjoint({"duration", "bitrate"})
    assert "ends before" in found["warning"]
    assert "duration" in fields(tmp_path / name, whole + b"TAG" + bytes(125)), "a tag at the end"


@given(st.integers(0, 0x10FFFF).filter(lambda number: not 0xD800 <= number <= 0xDFFF))
def test_numbers_of_frames_are_coded_like_characters(number: int) -> None:
    assert ends._coded(number) == chr(number).encode()


def test_numbers_of_frames_beyond_characters() -> None:
    assert ends._coded(0x1FFFFF) == bytes.fromhex("f7bfbfbf")
    assert ends._coded(0x3FFFFFF) == bytes.fromhex("fbbfbfbfbf")
    assert ends._coded(0xFFFFFFFFF) == bytes.fromhex("febfbfbfbfbfbf")


def test_frames_are_counted_within_the_limit(samples: Path, tmp_path: Path) -> None:
    aac = (samples / "tone.aac").read_bytes()
    path = tmp_path / "long.aac"
    assert float(str(fields(path, aac * 3)["duration"])) == pytest.approx(3.07, abs=0.01)
    # frames of different sizes say nothing about what was not read, frames of one size do
    assert fields(path, aac * 3, Limits(scan_bytes=len(aac))).keys().isdisjoint({"duration"})
    mp3 = (samples / "bare.mp3").read_bytes()
    found = fields(tmp_path / "long.mp3", mp3 * 3, Limits(scan_bytes=len(mp3)))
    assert float(str(found["duration"])) == pytest.approx(3.1, abs=0.05)
    assert found["bitrate"] == "64000"


def test_a_file_that_takes_too_long_is_given_up(samples: Path) -> None:
    with pytest.raises(MediaFileError, match="given up after 0 s"):
        read(str(samples / "film.mkv"), Limits(seconds=0))
    with pytest.raises(MediaFileError, match="too large or in too many parts"):
        read(str(samples / "film.mkv"), Limits(header_bytes=1000))


def test_a_pipe_or_a_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    for path in (tmp_path / "pipe.mkv", tmp_path, tmp_path / "absent"):
        with pytest.raises(MediaFileError):
            open_source(str(path), Limits())


def test_lists_have_each_entry_once() -> None:
    lists = {"languages": ["eng", "", "deu", "eng"], "one": ["a; b"], "none": ["", ""], "nothing": []}
    assert several(lists) == {"languages": ["eng", "deu"], "one": "a; b"}


def mp3_frames(*modes: int) -> bytes:
    """Frames of 128 kbit/s at 44.1 kHz, of so many modes of channels."""
    return b"".join(bytes([0xFF, 0xFB, 0x90, mode << 6]) + bytes(413) for mode in modes)


@pytest.mark.parametrize(("first", "channels", "layout"), [(3, "1", "mono"), (1, "2", "stereo")])
def test_mpeg_audio_has_the_channels_of_its_first_frame(tmp_path: Path, first: int, channels: str, layout: str) -> None:
    found = fields(tmp_path / "a.mp3", mp3_frames(*[first] * 10, *[4 - first] * 60))
    assert (found["channels"], found["channel_layout"]) == (channels, layout)


def test_an_mp4_without_its_audio_has_no_duration(samples: Path, tmp_path: Path) -> None:
    whole = (samples / "clip.mp4").read_bytes()
    at = whole.index(b"stsz") - 4
    size = int.from_bytes(whole[at : at + 4], "big")
    none = whole[: at + 4] + b"free" + whole[at + 8 : at + size] + whole[at + size :]
    assert "duration" in fields(tmp_path / "whole.mp4", whole)
    for content in (none[: none.index(b"mdat") - 4] if none.index(b"moov") < none.index(b"mdat") else none, none):
        found = fields(tmp_path / "none.mp4", content)
        assert "overall_bitrate" not in found or "duration" in found


def test_pcm_without_its_samples_has_no_duration(samples: Path, tmp_path: Path) -> None:
    whole = (samples / "tone.wav").read_bytes()
    head = whole[: whole.index(b"data") + 8]
    assert "duration" not in fields(tmp_path / "a.wav", head)


def test_a_layout_with_a_count_is_no_name(samples: Path, tmp_path: Path) -> None:
    content = (samples / "tone.wav").read_bytes()
    audio = content[content.index(b"data") + 8 :]
    guid = bytes.fromhex("0100000000001000800000aa00389b71")
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 16_000, 2, 16, 22, 16, 1) + guid
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(audio)) + audio
    found = fields(tmp_path / "a.wav", b"RIFF" + struct.pack("<I", len(body)) + body)
    assert found["channels"] == "1"
    assert "channel_layout" not in found or " " not in str(found["channel_layout"])


def test_a_bitrate_beyond_samples_without_loss_is_not_told() -> None:
    facts = {"bitrate": "516008386", "sample_rate": "44100", "channels": "2"}
    assert not audio.is_possible(facts, 10**9, 0)
    assert audio.is_possible(facts | {"bitrate": "256000"}, 10**9, 0)


def test_a_picture_in_iff_is_no_media_file(tmp_path: Path) -> None:
    head = struct.pack(">HHhhBBBBHBBhh", 16, 16, 0, 0, 1, 0, 0, 0, 0, 1, 1, 16, 16)
    body = b"ILBMBMHD" + struct.pack(">I", len(head)) + head + b"BODY" + struct.pack(">I", 32) + bytes(32)
    with pytest.raises(MediaFileError):
        fields(tmp_path / "a.iff", b"FORM" + struct.pack(">I", len(body)) + body)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (av.error.MemoryError(12, "Cannot allocate memory"), "its headers ask for more memory than there is"),
        (av.error.PatchWelcomeError(1, "patches welcome"), "its headers are damaged, or of a kind that libav does not"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (KeyError("x"), "its headers are damaged, or of a kind"),
    ],
)
def test_reasons_are_in_plain_words(error: Exception, says: str) -> None:
    assert reader._reason(error).startswith(says)


def test_a_frame_rate_that_the_frames_do_not_keep_is_not_told(samples: Path, tmp_path: Path) -> None:
    content = bytearray((samples / "film.mkv").read_bytes())
    assert fields(tmp_path / "a.mkv", bytes(content))["frame_rate"] == "23.976"
    at = content.index(b"\x23\xe3\x83") + 4  # DefaultDuration, in nanoseconds
    size = content[at - 1] & 0x7F
    half = int.from_bytes(content[at : at + size], "big") // 2
    content[at : at + size] = half.to_bytes(size, "big")
    assert "frame_rate" not in fields(tmp_path / "b.mkv", bytes(content))


def test_aac_of_a_broadcast_is_aac(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.loas"), "w", format="latm") as container:
        stream = container.add_stream("aac", rate=48000, layout="stereo")
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        frame.sample_rate = 48000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for _ in range(8):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    found = read(str(tmp_path / "a.loas"), Limits())
    assert (found["container"], found["codec"], found["channels"]) == ("loas", "aac", "2")
