"""What words are, in files beside a song and elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from viewra_plugins.lyrics.service.beside import beside
from viewra_plugins.lyrics.service.words import MAX_BYTES, read

from tests.vocabulary import check


def test_lrc_becomes_lines_in_their_order_with_times() -> None:
    text = (
        "\ufeff[ar:X]\r\n[offset:+500]\r\n[00:20.5][00:10.50]la <00:11.00>la\r\n[00:15]\r\nno time\r\n[01:02.345] end"
    )
    words = read(text, "beside")
    assert words is not None
    assert words.timed == "[00:10.000] la la\n[00:14.500]\n[00:20.000] la la\n[01:01.845] end"
    assert words.plain == "la la\n\nla la\nend"
    check(words.metadata())


def test_plain_text_stays_as_it_is() -> None:
    words = read("  one\r\r\r\r\ntwo\x00\x1b[31m\n[Chorus]\nthree [ti:x]\n[ti:y]\n", "embedded")
    assert words is not None
    assert (words.plain, words.timed) == ("one\n\ntwo [31m\n[Chorus]\nthree [ti:x]", "")


@pytest.mark.parametrize(
    "text",
    ["", " \n ", "[ti:only a title]", "[00:01.00]\n[00:02.00]", "x" * (MAX_BYTES + 1), "a\n" * 4000,
     "[0:01]" * 2000 + "words " * 1000],
)  # fmt: skip
def test_what_is_no_lyrics(text: str) -> None:
    assert read(text, "beside") is None


def plain(song: Path, legacy_encoding: str = "") -> str | None:
    found = beside(str(song), legacy_encoding)
    return found.plain if found is not None else None


def test_files_beside_a_song(tmp_path: Path) -> None:
    song = tmp_path / "Song.flac"
    assert beside(str(song)) is None
    for name, content in {
        "Song.txt": "plain", "song.EN.lrc": "[00:01.00]english", "Song 2.lrc": "[00:01.00]other", "Song.md": "no",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(content)
    found = beside(str(song))
    assert found is not None
    assert (found.plain, found.source) == ("english", "beside")
    (tmp_path / "Song.lrc").write_bytes("[00:01.00]schön".encode("utf-16"))
    assert plain(song) == "schön"
    (tmp_path / "Song.lrc").write_bytes("[00:01.00]schön".encode("latin-1"))
    assert plain(song) == "english"
    assert plain(song, "windows-1252") == "schön"
    for binary in (b"\0" * 100, b"x" * 1_000_000):
        (tmp_path / "Song.lrc").write_bytes(binary)
        assert plain(song) == "english"
    (tmp_path / "Song.lrc").unlink()
    os.mkfifo(tmp_path / "Song.lrc")  # opening it would wait for somebody who writes
    assert plain(song) == "english"
    assert beside(os.fsdecode(b"/nowhere/\xff.mp3")) is None
