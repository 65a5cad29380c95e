"""From where the words of a song are, in which order, and when they are looked for again."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from viewra.types import LibraryEvent, LibraryEventKind, ScanEvent, ScanEventKind

from .conftest import GET, SEARCH, SONG, TIMED, URL, WORDS, World, record


def test_words_in_tags_are_enough_and_their_times_are_added(world: World) -> None:
    world.put(1, **SONG, lyrics="Ein Lied")
    world.put(2, **SONG, lyrics="[00:01.00]Ein Lied")
    assert world.scan(1, 2) == {
        2: {"lyrics": "Ein Lied", "timed_lyrics": "[00:01.000] Ein Lied", "lyrics_source": "embedded"}
    }
    assert world.asked == []


def test_a_file_beside_comes_before_the_server(world: World) -> None:
    world.put(1, **SONG)
    (world.folder / "1.lrc").write_text(TIMED)
    assert world.scan(1)[1] == {"lyrics": WORDS, "timed_lyrics": TIMED, "lyrics_source": "beside"}
    assert world.asked == []


def test_the_order_is_the_operators(world: World) -> None:
    world.set(order=["online", "beside"], url=f"{URL}/")
    world.server.says[GET] = record()
    for number in (1, 2):
        world.put(number, **SONG, lyrics="in the tags")
        (world.folder / f"{number}.txt").write_text("beside")
    assert world.scan(1)[1] == {"lyrics": WORDS, "lyrics_source": "lrclib"}
    world.server.says.clear()
    assert world.scan(2)[2]["lyrics"] == "beside"


def test_words_with_times_are_looked_for_if_that_is_set(world: World) -> None:
    world.set(seek_times=True)
    world.put(1, **SONG, lyrics="Ein Lied")
    world.put(2, **SONG, lyrics="Ein Lied")
    (world.folder / "2.lrc").write_text("[00:01.00]beside")
    assert world.scan(1, 2) == {
        2: {"lyrics": "beside", "timed_lyrics": "[00:01.000] beside", "lyrics_source": "beside"}
    }
    assert world.asked == [GET, SEARCH]
    world.server.says[GET] = record(syncedLyrics=TIMED)
    world.put(3, **SONG, lyrics="Ein Lied")
    assert world.scan(3)[3] == {"lyrics": WORDS, "timed_lyrics": TIMED, "lyrics_source": "lrclib"}


def test_the_server_is_asked_by_title_artist_album_and_duration(world: World) -> None:
    world.server.says[GET] = record(syncedLyrics=TIMED)
    world.put(1, **{**SONG, "artist": ["Clara Schumann", "Chor"]})
    assert world.scan(1)[1] == {"lyrics": WORDS, "timed_lyrics": TIMED, "lyrics_source": "lrclib"}
    (request,) = world.server.requests
    assert parse_qs(urlsplit(request.url).query) == {
        "track_name": ["Ein Lied"], "artist_name": ["Clara Schumann"], "album_name": ["Lieder"], "duration": ["61"],
    }  # fmt: skip


def test_a_song_without_words_is_instrumental(world: World) -> None:
    world.server.says[GET] = record(instrumental=True, plainLyrics=None)
    world.put(1, **SONG)
    assert world.scan(1)[1] == {"instrumental": "1", "lyrics_source": "lrclib"}


@pytest.mark.parametrize(
    "said", [{"title": ""}, {"artist": ""}, {"duration": ""}, {"title": "Track 01"}, {"artist": "Various Artists"}]
)
def test_nobody_is_asked_for_a_song_of_which_too_little_is_known(world: World, said: dict[str, str]) -> None:
    world.put(1, **{name: value for name, value in {**SONG, **said}.items() if value})
    assert world.scan(1) == {}
    assert (world.asked, world.states) == ([], [])


def test_a_song_is_asked_for_once_until_it_changes(world: World) -> None:
    world.put(1, **SONG)
    assert world.scan(1) == {}
    assert (world.scan(1), world.asked) == ({}, [GET, SEARCH])
    world.server.says[GET] = record(trackName="Noch ein Lied")
    world.library.media_files.clear()
    world.library.file_entries.clear()
    world.put(1, **{**SONG, "title": "Noch ein Lied"})
    assert world.scan(1)[1]["lyrics"] == WORDS
    assert len(world.asked) == 3
    world.server.says.clear()
    assert (world.scan(1)[1]["lyrics"], len(world.asked)) == (WORDS, 3)


def test_what_came_beside_replaces_and_what_went_is_asked_for_again(world: World) -> None:
    world.server.says[GET] = record()
    path = world.put(1, **SONG)
    world.scan(1)
    file = path.with_suffix(".lrc")
    file.write_text("[00:01.00]beside")
    world.put(9, file.name, "other", sidecar_format="lrc", belongs_to=[path.name, "gone.flac"])
    assert world.scan(9)[1]["lyrics_source"] == "beside"
    file.unlink()
    world.library.file_entries.pop()  # it is missing: no query finds it, but it is known
    hook = world.running.scanner_hook
    assert hook is not None
    hook.on_library_events([LibraryEvent(LibraryEventKind.MISSING, 1, 1, 9, str(file))])
    assert world.work()[1]["lyrics_source"] == "lrclib"
    world.server.says.clear()
    world.host.put_metadata.clear()
    hook.on_library_events([LibraryEvent(LibraryEventKind.PURGED, 1, 1, 1, str(path))])
    world.scan(1)
    assert world.host.put_metadata == {1: {}}, "what was forgotten is not believed any more"


def test_songs_that_were_there_before_are_looked_at_once(world: World) -> None:
    world.put(1, **SONG)
    (world.folder / "1.txt").write_text("words")
    world.put(2, "a.jpg", "image")
    completed = ScanEvent(ScanEventKind.COMPLETED, 1, 1)
    world.plugin.on_scan_events([completed])
    assert world.work()[1]["lyrics"] == "words"
    world.host.put_metadata.clear()
    world.plugin.on_scan_events([completed])
    assert world.work() == {}
    world.set(seek_times=True)
    world.plugin.on_settings_changed()
    world.work()
    assert world.asked == [GET, SEARCH]
