"""Files that are odd but real: several tags at once, old tags, sizes that their writer did not know, large pictures."""

import struct
from pathlib import Path

import pytest
from mutagen import id3
from mutagen.mp3 import MP3
from mutagen.wave import WAVE
from viewra_plugins.audio_tags.service import AudioFileError
from viewra_plugins.audio_tags.service.reader import read

from tests.audio import odd
from tests.audio.damage import atom


def without_id3(mp3: bytes) -> bytes:
    """The frames of an MP3 file alone."""
    return mp3[10 + (mp3[6] << 21 | mp3[7] << 14 | mp3[8] << 7 | mp3[9]) :]


def test_riff_info_may_be_windows_text_and_fills_what_id3_leaves_open(tmp_path: Path) -> None:
    info = b"INFO" + b"INAM" + struct.pack("<I", 9) + "Für Elis".encode("cp1252") + b"\0\0"
    info += b"IGNR" + struct.pack("<I", 4) + b"Alt\0"
    path = tmp_path / "both.wav"
    path.write_bytes(odd.wav(odd.wav_format(), bytes(16_000), odd.chunk(b"LIST", info)))
    assert read(str(path))["title"] == "Für Elis"
    file = WAVE(str(path))
    file.add_tags()
    file.tags.add(id3.TIT2(encoding=3, text="Für Elise"))
    file.save()
    fields = read(str(path))
    assert (fields["title"], fields["genre"]) == ("Für Elise", "Alt")


def test_id3_version_2_2(music: dict[str, Path], tmp_path: Path) -> None:
    frames = b"TT2\0\0\x0a\0Allegretto"[:-1] + b"TP1\0\0\x06\0Bach\0"
    tag = b"ID3\x02\0\0" + bytes([0, 0, 0, len(frames)]) + frames
    (tmp_path / "old.mp3").write_bytes(tag + without_id3(music["mp3"].read_bytes()))
    fields = read(str(tmp_path / "old.mp3"))
    assert (fields["title"], fields["artist"]) == ("Allegrett", "Bach")


def test_a_broken_tag_at_the_end_does_not_cost_the_good_one_at_the_start(
    music: dict[str, Path], tmp_path: Path
) -> None:
    broken = struct.pack("<II", 1000, 0) + b"\xff\0x" + b"APETAGEX" + struct.pack("<IIII", 2000, 43, 1, 0) + bytes(8)
    (tmp_path / "a.mp3").write_bytes(music["mp3"].read_bytes() + broken)
    fields = read(str(tmp_path / "a.mp3"))
    assert fields["title"] == "Romanze a-Moll"
    assert fields["warning"] == "its APE tag cannot be read: an item is longer than the tag"


def test_a_picture_of_20_megabytes_is_noticed_but_not_returned(music: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "large.mp3"
    path.write_bytes(music["mp3"].read_bytes())
    file = MP3(str(path))
    file.tags.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="large", data=bytes(range(256)) * 80_000))
    file.save()
    fields = read(str(path))
    assert fields["has_picture"] == "true"
    assert sum(map(len, fields.values())) < 2000


def test_long_lyrics_are_cut(music: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "long.mp3"
    path.write_bytes(music["mp3"].read_bytes())
    file = MP3(str(path))
    file.tags.setall("USLT", [id3.USLT(encoding=3, lang="deu", desc="", text="ü" * 100_000)])
    file.save()
    assert read(str(path))["lyrics"] == "ü" * 32_768


def test_two_frames_somewhere_in_something_else_are_no_mp3(music: dict[str, Path], tmp_path: Path) -> None:
    frames = without_id3(music["mp3"].read_bytes())
    second = frames.index(frames[:2], 2)  # the first one holds the encoder's notes, which prove that it is an MP3
    fourth = frames.index(frames[:2], frames.index(frames[:2], second + 2) + 2)
    (tmp_path / "a.mp3").write_bytes(b"x" * 1000 + frames[second:fourth] + b"x" * 1000)
    with pytest.raises(AudioFileError, match="too few MPEG frames follow one another"):
        read(str(tmp_path / "a.mp3"))


def test_frames_behind_rubbish_are_an_mp3(music: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"rubbish" * 100 + without_id3(music["mp3"].read_bytes()))
    assert read(str(tmp_path / "a.mp3"))["codec"] == "mp3"


@pytest.mark.parametrize("audio", [b"", bytes(3000), b"\x89PNG" + bytes(3000)])
def test_tags_without_audio_are_read(music: dict[str, Path], tmp_path: Path, audio: bytes) -> None:
    mp3 = music["mp3"].read_bytes()
    (tmp_path / "a.mp3").write_bytes(mp3[: len(mp3) - len(without_id3(mp3))] + audio)
    fields = read(str(tmp_path / "a.mp3"))
    assert fields["title"] == "Romanze a-Moll"
    assert str(fields["warning"]).startswith(
        "its audio cannot be read: no frames of" if audio else "the file ends before its audio"
    )
    assert fields.keys().isdisjoint({"duration", "codec", "bitrate", "sample_rate"})


def test_a_film_without_sound_is_no_failure(tmp_path: Path) -> None:
    tag = odd.ilst(atom(b"\xa9nam", odd.data(b"Stumm")))
    film = atom(b"trak", atom(b"mdia", atom(b"hdlr", bytes(8) + b"vide" + bytes(13))))
    path = tmp_path / "a.mp4"
    path.write_bytes(atom(b"ftyp", b"isom" + bytes(4)) + atom(b"moov", film + tag))
    assert read(str(path)) == {"title": "Stumm", "has_picture": "false"}
    path.write_bytes(atom(b"ftyp", b"isom" + bytes(4)) + atom(b"moov", film))
    assert read(str(path)) == {"has_picture": "false"}


def test_of_aac_as_broadcasts_have_it_the_tags_are_read(tmp_path: Path) -> None:
    frame = bytes([0x56, 0xE0, 40]) + bytes(40)
    path = tmp_path / "broadcast.aac"
    path.write_bytes(frame * 4)
    assert read(str(path)) == {"has_picture": "false"}
    title = b"TIT2\0\0\0\x05\0\0\x03News"
    path.write_bytes(b"ID3\x04\0\0" + bytes([0, 0, 0, len(title)]) + title + frame * 4)
    assert read(str(path))["title"] == "News"
    path.write_bytes(frame + bytes(60))
    with pytest.raises(AudioFileError, match="not a valid AAC file"):
        read(str(path))
