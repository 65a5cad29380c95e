"""Whatever is wrong with a file: one clear error of the plugin's own kind, soon."""

import contextlib
import os
import shutil
import struct
import time
from pathlib import Path

import pytest
from viewra_plugins.audio_tags.service import AudioFileError, source
from viewra_plugins.audio_tags.service.reader import read

from tests.thorough import THOROUGH, some

SAYS = {
    "empty.flac": "the file is empty",
    "text.mp3": "not a valid MP3 file: no frames of MPEG audio",
    "truncated.mp3": "its ID3 tag is cut off: 15 of 1,376 bytes are there",
    "truncated.flac": "not a valid FLAC file",
    "truncated.m4a": "not a valid MP4 file: truncated",
    "corrupt-page.ogg": "not a valid Ogg Vorbis file",
    "huge-atom.m4a": "not a valid MP4 file",
    "nested-atoms.m4a": "not a valid MP4 file: it holds no audio",
    "random.ape": "not a valid Monkey's Audio file: it begins with",
    "huge-id3.mp3": "its ID3 tag is cut off: 521 of 268,435,455 bytes are there",
}


def failure(path: object) -> str:
    """The text of the error that reading ``path`` gives, soon."""
    began = time.process_time()
    with pytest.raises(AudioFileError) as caught:
        read(str(path))
    assert time.process_time() - began < 60
    text = str(caught.value)
    text.encode()  # it goes over the wire
    assert text
    assert "\n" not in text
    return text


def test_each_gives_an_error_that_says_why(malformed: Path) -> None:
    assert SAYS[malformed.name] in failure(malformed)


def test_each_gives_the_same_error_under_a_name_that_is_not_utf8(malformed: Path, tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe" + os.fsencode(malformed.suffix))
    shutil.copyfile(malformed, path)
    assert SAYS[malformed.name] in failure(path)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/nowhere/at all.mp3", "No such file"),
        ("/", "not a regular file"),
        ("/dev/null", "not a regular file"),
        ("a\0b.mp3", "its path has a NUL"),
        ("\udcff.mp3", "No such file"),
    ],
)
def test_what_cannot_be_opened(path: str, says: str) -> None:
    assert says in failure(path)


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    assert failure(tmp_path / "pipe.mp3") == "not a regular file"


@pytest.mark.parametrize("name", ["sparse.mp3", "sparse.flac", "sparse.ogg", "sparse.m4a", "sparse.wav", "sparse"])
def test_four_gigabytes_of_nothing(tmp_path: Path, name: str) -> None:
    with open(tmp_path / name, "wb") as file:
        file.truncate(4 << 30)
    assert "not a" in failure(tmp_path / name)


def test_a_good_file_with_four_gigabytes_of_nothing_behind_it_is_soon_done(
    music: dict[str, Path], tmp_path: Path
) -> None:
    for sample in some(list(music.values()), 2):
        copy = tmp_path / sample.name
        shutil.copyfile(sample, copy)
        os.truncate(copy, 4 << 30)
        began = time.process_time()
        with contextlib.suppress(AudioFileError):  # some formats look for their last part at the end, and miss it
            assert read(str(copy))["codec"]
        assert time.process_time() - began < 60, sample


MAX_READS = source.MAX_READS if THOROUGH else source.MAX_READS // 20
TINY_PARTS = MAX_READS * 6 // 5


def atom(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(data), name) + data


FTYP = atom(b"ftyp", b"M4A \0\0\0\0")
TINY_FRAMES = (b"TIT2" + b"\0\0\0\2" + b"\0\0" + b"\0a") * 100_000
"""1.2 MB of ID3 frames: mutagen alone would copy 60 GB over them."""


def id3(body: bytes) -> bytes:
    size = len(body)
    return b"ID3\x04\0\0" + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + body


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("frames.mp3", id3(TINY_FRAMES), "parts"),
        ("frames.wav", b"RIFF\0\0\0\0WAVEid3 " + struct.pack("<I", len(id3(TINY_FRAMES))) + id3(TINY_FRAMES), "parts"),
        ("frames.aiff", b"FORM\0\0\0\0AIFFID3 " + struct.pack(">I", len(id3(TINY_FRAMES))) + id3(TINY_FRAMES), "parts"),
        ("frames.dsf", b"DSD " + struct.pack("<QQQ", 28, 0, 28) + id3(TINY_FRAMES), "parts"),
        ("atoms.m4a", FTYP + atom(b"free") * TINY_PARTS, "parts"),
        ("chunks.wav", b"RIFF\0\0\0\0WAVE" + b"abcd\0\0\0\0" * TINY_PARTS, "parts"),
        ("no-audio.m4a", FTYP + atom(b"moov"), "holds no audio"),
        ("image.mp3", b"\x89PNG\r\n\x1a\n" + bytes(100), "no frames of MPEG audio are there"),
        ("unknown.xyz", b"hello", 'not an audio file of a known format: it begins with "hello"'),
        ("cut-ogg.ogg", b"OggS", "not a valid Ogg Vorbis file"),
        ("cut-id3.mp3", b"ID3", "not a valid MP3 file"),
    ],
)
def test_what_would_take_long_or_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, says: str
) -> None:
    monkeypatch.setattr(source, "MAX_READS", MAX_READS)
    (tmp_path / name).write_bytes(content)
    assert says in failure(tmp_path / name)
