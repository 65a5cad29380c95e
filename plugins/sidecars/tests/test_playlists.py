"""Playlists: the files that entries mean, whatever system wrote them, and nothing outside."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from viewra.types.values import Value

Put = Callable[..., dict[str, Value]]
SONG = "Gymnopédies/1 Lent.mp3"


@pytest.mark.parametrize(
    "entry",
    [
        SONG,
        "./" + SONG,
        "x/../" + SONG,
        SONG.replace("/", "\\"),
        SONG.upper(),
        unicodedata.normalize("NFD", SONG),
        "D:\\Music\\Satie\\" + SONG.replace("/", "\\"),
        "\\\\server\\share\\" + SONG.replace("/", "\\"),
        "/home/erik/music/" + SONG,
        "file:///home/erik/music/Gymnop%C3%A9dies/1%20Lent.mp3",
        "file:///C:/Music/Gymnop%C3%A9dies/1%20Lent.mp3",
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_entries_that_mean_one_file(put: Put, entry: str, form: Literal["NFC", "NFD"]) -> None:
    real = unicodedata.normalize(form, SONG)
    assert put("list.m3u8", f"#EXTM3U\n#EXTINF:1,x\n{entry}\n", real)["playlist_entries"] == f"1 {real}"


@pytest.mark.parametrize(
    "entry",
    ["../secret.mp3", "..\\secret.mp3", "a/../../secret.mp3", "/etc/passwd", "file:///etc/passwd", "C:\\..\\secret.mp3",
     "absent.mp3", "folder", "other.m3u", "list.m3u", "notes.txt", "x" * 5000,
     "../" * 100 + "etc/hosts", "~/secret.mp3"],
)  # fmt: skip
def test_entries_that_lead_to_no_media_file_inside_are_unresolved(put: Put, tmp_path: Path, entry: str) -> None:
    (tmp_path / "secret.mp3").write_bytes(b"")
    fields = put("music/list.m3u", entry, "music/other.m3u", "music/notes.txt", "music/folder/x.mp3")
    assert "playlist_entries" not in fields
    assert fields["unresolved"] == f"1 {entry}"[:2002]


def test_a_root_of_the_operators_lets_entries_lie_there(put: Put, tmp_path: Path) -> None:
    text = "../Satie/1.mp3\n../../outside.mp3\n"
    beside = ("library/Satie/1.mp3", "outside.mp3")
    fields = put("library/Playlists/a.m3u", text, *beside, roots=(str(tmp_path / "library"),))
    assert fields["playlist_entries"] == "1 ../Satie/1.mp3"
    assert fields["unresolved"] == "2 ../../outside.mp3"


def test_two_names_that_differ_in_case_only(put: Put) -> None:
    fields = put("a.m3u", "song.mp3\nSONG.MP3\n", "song.mp3", "Song.mp3")
    assert (fields["playlist_entries"], fields["unresolved"]) == ("1 song.mp3", "2 SONG.MP3")


def test_playlists_that_name_each_other_are_not_followed(put: Put) -> None:
    put("b.m3u", "a.m3u\n")
    fields = put("a.m3u", "b.m3u\na.m3u\n", "x.mp3")
    assert fields["unresolved"] == ["1 b.m3u", "2 a.m3u"]


def test_the_same_file_twice_keeps_both_places(put: Put) -> None:
    assert put("a.m3u", "x.mp3\nx.mp3\n", "x.mp3")["playlist_entries"] == ["1 x.mp3", "2 x.mp3"]


def test_pls(put: Put) -> None:
    text = "[Playlist]\nFile2=b.mp3\nTitle2=B\nfile1=A.mp3\nFile3=http://me:secret@radio.example/x\nNumberOfEntries=3\n"
    fields = put("a.pls", text, "a.mp3", "b.mp3")
    assert fields["playlist_entries"] == ["1 a.mp3", "2 b.mp3"]
    assert fields["playlist_urls"] == "3 http://radio.example/x"


def test_xspf(put: Put) -> None:
    tracks = "".join(f"<track><location>{name}</location></track>" for name in ("a%20b.mp3", "https://x.example/c"))
    text = f'<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>T</title><trackList>{tracks}</trackList></playlist>'
    fields = put("a.xspf", text, "a b.mp3")
    assert (fields["title"], fields["playlist_entries"]) == ("T", "1 a b.mp3")
    assert fields["playlist_urls"] == "2 https://x.example/c"


def test_so_many_entries_are_kept(put: Put) -> None:
    fields = put("a.m3u", "x.mp3\n" * 50, "x.mp3", entries=3)
    assert (fields["entry_count"], len(fields["playlist_entries"])) == ("50", 3)


def test_what_a_host_would_not_take_is_left_out(put: Put) -> None:
    fields = put("a.m3u", "".join(f"{number} {'ü' * 100}.mp3\n" for number in range(1000)))
    assert fields["entry_count"] == "1000"
    assert 50_000 < len("; ".join(fields["unresolved"]).encode()) <= 64 * 1024


def test_the_search_for_files_is_given_up(put: Put) -> None:
    with pytest.raises(ValueError, match="given up after"):
        put("a.m3u", "absent.mp3\n", seconds=-1)
