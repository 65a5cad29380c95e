"""Which words a song gets, from where and in which order; and what a server may answer."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
from viewra_plugins.lyrics.service import Lyrics
from viewra_plugins.lyrics.service.beside import beside
from viewra_plugins.lyrics.service.words import MAX_BYTES, read

from tests.vocabulary import check
from viewra.errors import PermissionDenied, ViewraError
from viewra.testing import FakeFetch, FakeHostServices, FakeLibrary, FakeRequest, PluginUnderTest, in_process
from viewra.types import (
    Fetched,
    FileEntry,
    LibraryEvent,
    LibraryEventKind,
    MediaFile,
    MetadataValue,
    Page,
    ScanEvent,
    ScanEventKind,
    Task,
    TaskState,
)
from viewra.types.values import Value

URL = "https://lrclib.net"
GET, SEARCH = f"{URL}/api/get", f"{URL}/api/search"
NOTHING = Fetched(404, "", {}, b'{"code":404,"name":"TrackNotFound"}')
SONG: dict[str, Any] = {"title": "Ein Lied", "artist": "Clara Schumann", "album": "Lieder", "duration": "61.300"}
LONG = "Das lange Lied von den sieben Brüdern und ihrer Schwester am Ende der Welt"
WORDS = "Ich hab' im Traum geweinet\nmir träumte, du lägest im Grab"
TIMED = "[00:12.340] Ich hab' im Traum geweinet\n[00:17.000] mir träumte, du lägest im Grab"


def record(**given: Any) -> dict[str, Any]:
    """What LRCLIB says of a song."""
    return {
        "id": 1, "trackName": "Ein Lied", "artistName": "Clara Schumann", "albumName": "Lieder", "duration": 61,
        "instrumental": False, "plainLyrics": WORDS, "syncedLyrics": None, **given,
    }  # fmt: skip


class Server(FakeFetch):
    """Answers the two questions of LRCLIB, whatever is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.says: dict[str, Any] = {}

    def answer(self, request: FakeRequest) -> Fetched | bytes | ViewraError:
        said = self.says.get(request.url.partition("?")[0], NOTHING)
        return said if isinstance(said, (Fetched, bytes, ViewraError)) else json.dumps(said).encode()


class Shelf(FakeLibrary):
    """A library that understands the queries of this plugin, and shows what it has put."""

    def files(self, query: str, after: str | None, limit: int) -> Page[FileEntry]:
        wanted = {int(number) for number in re.findall(r"\bid:(\d+)", query)}
        found = [one for one in self.file_entries if not wanted or one.id in wanted]
        return Page(tuple(one for one in found if "kind:audio" not in query or one.kind == "audio"))


@attrs.define
class World:
    folder: Path
    library: Shelf
    server: Server
    host: FakeHostServices
    plugin: Lyrics
    running: PluginUnderTest

    def put(self, number: int, /, name: str = "", kind: str = "audio", **said: Any) -> Path:
        path = self.folder / (name or f"{number}.flac")
        path.touch()
        duration = said.get("duration")
        entry = FileEntry(number, 1, str(path), "audio/flac", 1, 0, kind, duration_s=float(str(duration or 0)) or None)
        self.library.file_entries.append(entry)
        metadata = {field: MetadataValue(value, "audio_tags") for field, value in said.items()}
        self.library.media_files.append(MediaFile(number, 1, str(path), "audio/flac", 1, 0, metadata))
        return path

    def set(self, **settings: object) -> None:
        """Change settings."""
        self.plugin._settings = type(self.plugin.settings)({**self.plugin.settings, **settings})

    def scan(self, *ids: int) -> dict[int, dict[str, Value]]:
        """Tell that files were read; what was put of all files by then."""
        self.plugin.on_scan_events([ScanEvent(ScanEventKind.FILE, 1, 1, media_file_id=number) for number in ids])
        return self.work()

    def work(self) -> dict[int, dict[str, Value]]:
        """Have the tasks executed, and the library show what was put."""
        self.host.tasks_queue.run(self.plugin)
        for at, file in enumerate(self.library.media_files):
            said = {name: one for name, one in file.metadata.items() if one.plugin != "under_test"}
            for name, value in self.host.put_metadata.get(file.id, {}).items():
                other = said.get(name)
                others = ((other.plugin, other.value),) if other is not None else ()
                said[name] = MetadataValue(value, "under_test", others=others)
            self.library.media_files[at] = attrs.evolve(file, metadata=said)
        for values in self.host.put_metadata.values():
            check(values)
        return {number: dict(said) for number, said in self.host.put_metadata.items()}

    @property
    def asked(self) -> list[str]:
        return [one.url.partition("?")[0] for one in self.server.requests]

    @property
    def states(self) -> list[tuple[TaskState, str]]:
        return [(one.state, one.error) for one in self.host.tasks_queue.queued]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Lyrics, PluginUnderTest]]:
    """The plugin, once for all tests: making its database takes longer than any of them."""
    plugin = Lyrics()
    with in_process(plugin) as running:
        yield plugin, running


@pytest.fixture
def world(tmp_path: Path, running: tuple[Lyrics, PluginUnderTest]) -> Iterator[World]:
    plugin, under_test = running
    library, server, settings = Shelf(), Server(), plugin.settings
    host = FakeHostServices(library, fetch=server)
    plugin.bind(host=host)
    yield World(tmp_path, library, server, host, plugin, under_test)
    plugin._settings = settings
    plugin.start()
    plugin._store.forget(range(100))


# ---- what words are ----


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


# ---- where they are from ----


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


# ---- never another song ----


@pytest.mark.parametrize(
    ("song", "said"),
    [
        ({}, {"trackName": "Kein Lied"}),
        ({}, {"artistName": "Robert Schumann Trio"}),
        ({}, {"duration": 64}),
        ({}, {"duration": float("nan")}),
        ({}, {"duration": 10**400}),
        ({"title": f"{LONG} in d-Moll"}, {"trackName": f"{LONG} in e-Moll"}),
        ({"title": f"{LONG} in D minor"}, {"trackName": f"{LONG} in D major"}),
        ({"title": f"{LONG}, part one"}, {"trackName": f"{LONG}, part two"}),
        ({}, {"trackName": "Ein Lied (Remastered live in Bonn)"}),
        ({}, {"trackName": "Ein Lied feat. X (Live)"}),
        ({}, {"trackName": "Ein Lied (Live)"}),
        ({}, {"trackName": "Ein Lied, Pt. 2"}),
        ({"title": "Symphonie V"}, {"trackName": "Symphonie IV"}),
        ({"title": "Go"}, {"trackName": "No"}),
        ({"title": LONG}, {"trackName": f"{LONG} (live)"}),
        ({"title": f"{LONG}, Teil 1"}, {"trackName": f"{LONG}, Teil 2"}),
        ({"title": f"{LONG} I"}, {"trackName": f"{LONG} II"}),
        ({"title": "!!!"}, {"trackName": "???"}),
        ({}, {"trackName": None}),
        ({}, {"trackName": "Ein Lied" * 1000}),
        ({}, {"artistName": ["Clara Schumann"]}),
        ({}, {"duration": "61"}),
        ({}, {"duration": True}),
        ({}, {"plainLyrics": 7, "syncedLyrics": {"a": 1}}),
        ({}, {"plainLyrics": "x" * 100_000}),
        ({}, {"plainLyrics": "", "syncedLyrics": ""}),
        ({}, {"plainLyrics": None, "instrumental": "yes"}),
    ],
)
def test_what_may_be_another_song_is_not_taken(world: World, song: dict[str, str], said: dict[str, Any]) -> None:
    world.server.says = {GET: record(**said), SEARCH: [record(**said), None, 7, []]}
    world.put(1, **{**SONG, **song})
    assert world.scan(1) == {}
    assert (world.asked, world.states) == ([GET, SEARCH], [])


@pytest.mark.parametrize(
    ("song", "said"),
    [
        ({"title": "Ein Lied (feat. X)"}, {}),
        ({"title": "ein lied"}, {"trackName": "Ein Lied - 2011 Remaster"}),
        ({"title": "Été"}, {"trackName": "Ete"}),
        ({"title": "Don't Cry"}, {"trackName": "Don’t cry"}),
        ({"title": "!!!"}, {"trackName": "!!!"}),
        ({"artist": "Clara Schumann & Chor"}, {}),
        ({}, {"artistName": "X feat. Clara Schumann"}),
        ({}, {"duration": 63.2}),
        ({}, {"albumName": None}),
    ],
)
def test_the_same_song_written_otherwise_is_taken(world: World, song: dict[str, str], said: dict[str, Any]) -> None:
    world.server.says = {SEARCH: [record(**said)]}
    world.put(1, **{**SONG, **song})
    assert world.scan(1)[1]["lyrics"] == WORDS


def test_equally_good_records_have_to_agree(world: World) -> None:
    world.put(1, **SONG)
    world.server.says = {SEARCH: [record(), record(plainLyrics="quite another text of the same name")]}
    assert world.scan(1) == {}
    world.server.says = {SEARCH: [record(), record(instrumental=True)]}
    world.put(2, **SONG)
    assert world.scan(2) == {}
    world.server.says = {SEARCH: [record(), record(syncedLyrics=TIMED.replace("geweinet", "geweint"))]}
    world.put(3, **SONG)
    assert "timed_lyrics" in world.scan(3)[3]
    world.server.says = {SEARCH: [record(albumName="Other", plainLyrics="quite another text"), record()]}
    world.put(4, **SONG)
    assert world.scan(4)[4]["lyrics"] == WORDS


# ---- a server that fails ----


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"<html>welcome to our hotel</html>", "what is no JSON"),
        (b"\xff\xfe\x00", "what is no JSON"),
        (b"[1]", "no song"),
        (b"7", "no song"),
        (b"x" * 5_000_000, "more than"),
        (Fetched(500, GET, {}), "the status 500"),
        (Fetched(403, GET, {}), "the status 403"),
    ],
)
def test_a_server_that_answers_wrongly_is_asked_again_and_then_set_aside(
    world: World, said: object, reason: str
) -> None:
    world.put(9, **SONG)
    world.scan(9)  # it has answered before
    world.server.says[GET] = said
    world.put(1, **SONG)
    assert world.scan(1) == {}
    ((state, error),) = world.states
    assert (state, reason in error) == (TaskState.SET_ASIDE, True), error  # the fake queue makes one attempt


def test_an_outage_sets_nothing_aside_and_is_told_until_it_is_over(world: World) -> None:
    world.server.says[GET] = Fetched(502, GET, {})
    for number in (1, 2, 3):
        world.put(number, **{**SONG, "album": str(number)})
    world.scan(1, 2, 3)
    assert [state for state, _ in world.states] == [TaskState.DELAYED] * 3
    assert (world.asked, [one.level for one in world.host.notices]) == ([GET], ["warning"])
    world.server.says[GET] = record()
    world.plugin.on_settings_changed()
    for number in (1, 2, 3):
        world.plugin.execute_task(Task(number, "ask", number))
    assert (sorted(world.host.put_metadata), world.host.notices) == ([1, 2, 3], ())


def test_a_server_that_asks_for_patience_gets_it(world: World) -> None:
    world.server.says[GET] = Fetched(429, GET, {"retry-after": "120"})
    for number in (1, 2):
        world.put(number, **{**SONG, "album": str(number)})
    assert world.scan(1, 2) == {}
    assert [state for state, _ in world.states] == [TaskState.DELAYED, TaskState.DELAYED]
    assert world.asked == [GET], "the second song is not asked for within that time"


def test_the_operator_is_told_when_nobody_may_be_asked(world: World) -> None:
    world.server.says[GET] = PermissionDenied("lrclib.net is not granted")
    world.put(1, **SONG)
    world.scan(1)
    assert [state for state, _ in world.states] == [TaskState.DELAYED]
    assert [one.text for one in world.host.notices if "lrclib.net is not granted" in one.text]


# ---- again ----


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
