"""Which film or episode a file is taken for, what is added to it, and what a server may answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
from viewra_plugins.tmdb.service import Tmdb, answers

from tests.vocabulary import check
from viewra.errors import FetchFailed, NotFound, PermissionDenied, ViewraError
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

URL, IMAGES = "https://api.themoviedb.org/3", "https://image.tmdb.org/t/p"
NOTHING = Fetched(404, "", {}, b'{"success":false,"status_code":34}')
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64)
LISTED = {
    "id": 775,
    "title": "A Trip to the Moon",
    "original_title": "Le Voyage dans la Lune",
    "release_date": "1902-04-17",
}
FILM: dict[str, Any] = {
    **LISTED, "tagline": "", "overview": "Six scholars\nfly to the Moon.", "runtime": 15, "imdb_id": "tt0000417",
    "genres": [{"id": 12, "name": "Adventure"}, {"id": 878, "name": "Science Fiction"}],
    "production_companies": [{"id": 1, "name": "Star-Film"}],
    "production_countries": [{"iso_3166_1": "FR", "name": "France"}],
    "belongs_to_collection": None, "vote_average": 7.932, "vote_count": 1800, "poster_path": "/moon.jpg",
}  # fmt: skip
SERIES: dict[str, Any] = {
    "id": 60, "name": "Faust", "original_name": "Faust", "first_air_date": "1960-01-01", "poster_path": "/faust.jpg",
    "genres": [{"id": 18, "name": "Drama"}], "networks": [{"name": "ARD"}],
}  # fmt: skip
SEASON: dict[str, Any] = {
    "season_number": 1, "poster_path": None,
    "episodes": [
        {"id": 601, "episode_number": 1, "name": "Prolog", "overview": "", "air_date": "1960-01-01",
         "vote_average": 0.0, "vote_count": 0, "runtime": 50},
        {"id": 602, "episode_number": 2, "name": "Der Pakt", "overview": "Faust und Mephisto.",
         "air_date": "1960-01-08", "vote_average": 8.0, "vote_count": 3, "runtime": None},
    ],
}  # fmt: skip
DESCRIBED = {
    "title": "A Trip to the Moon", "original_title": "Le Voyage dans la Lune", "date": "1902-04-17",
    "description": "Six scholars\nfly to the Moon.", "genre": ["Adventure", "Science Fiction"], "runtime": "15",
    "studio": "Star-Film", "country": "France", "rating": "7.9", "imdb_id": "tt0000417", "tmdb_id": "775",
}  # fmt: skip
BY_NAME = {"title": "A Trip to the Moon", "date": "1902"}
EPISODE = {"show": "Faust", "season": "1", "episode": "2"}


class Server(FakeFetch):
    """The API by path, whatever the query; pictures by address."""

    def __init__(self) -> None:
        super().__init__({f"{IMAGES}/w500/moon.jpg": JPEG, f"{IMAGES}/w500/faust.jpg": JPEG})
        self.says: dict[str, Any] = {
            "/search/movie": {"page": 1, "results": [LISTED]}, "/movie/775": FILM, "/search/tv": {"results": [SERIES]},
            "/tv/60": SERIES, "/tv/60/season/1": SEASON,
        }  # fmt: skip

    def answer(self, request: FakeRequest) -> Fetched | bytes | ViewraError:
        if not request.url.startswith(URL):
            return super().answer(request)
        said = self.says.get(request.url.partition("?")[0].removeprefix(URL), NOTHING)
        return said if isinstance(said, (Fetched, bytes, ViewraError)) else json.dumps(said).encode()


class Shelf(FakeLibrary):
    """A library that understands the queries of this plugin."""

    def files(self, query: str, after: str | None, limit: int) -> Page[FileEntry]:
        wanted = {int(number) for number in re.findall(r"\bid:(\d+)", query)}
        found = [one for one in self.file_entries if not wanted or one.id in wanted]
        return Page(tuple(one for one in found if "kind:video" not in query or one.kind == "video"))


@attrs.define
class World:
    folder: Path
    library: Shelf
    server: Server
    host: FakeHostServices
    plugin: Tmdb
    running: PluginUnderTest

    def put(self, number: int, name: str, said: Mapping[str, Value]) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind, mime_type = ("other", "text/x-nfo") if name.endswith(".nfo") else ("video", "video/mp4")
        self.library.file_entries.append(FileEntry(number, 1, str(path), mime_type, 1, 0, kind))
        metadata = {field: MetadataValue(value, "other") for field, value in said.items()}
        self.library.media_files.append(MediaFile(number, 1, str(path), mime_type, 1, 0, metadata))
        return path

    def set(self, **settings: object) -> None:
        """Change settings."""
        self.plugin._settings = type(self.plugin.settings)({**self.plugin.settings, **settings})

    def scan(self, *ids: int) -> dict[int, dict[str, Value]]:
        """Tell that files were read; what was put by then."""
        self.plugin.on_scan_events([ScanEvent(ScanEventKind.FILE, 1, 1, media_file_id=number) for number in ids])
        return self.work()

    def work(self) -> dict[int, dict[str, Value]]:
        queue = self.host.tasks_queue
        for task in queue.queued:  # the fake queue has no clock
            if task.name == "files" and task.state is TaskState.DELAYED:
                self.plugin.execute_task(Task(task.id, task.name, task.data))
                queue.cancel(task.id, "")
        queue.run(self.plugin)
        for values in self.host.put_metadata.values():
            check(values)
        return {
            number: {name: value if isinstance(value, str) else list(value) for name, value in said.items()}
            for number, said in self.host.put_metadata.items()
        }

    def forget(self) -> None:
        """Have the server asked again for what it has said."""
        for key in self.host.cache.list():
            self.host.cache.delete(key)

    def posters(self, number: int) -> list[str]:
        return [f"{one.kind} {one.source_url}" for one in self.host.assets.links(media_file_id=number)]

    @property
    def asked(self) -> list[str]:
        return [one.url.partition("?")[0].removeprefix(URL) for one in self.server.requests]

    @property
    def states(self) -> list[tuple[TaskState, str]]:
        return [(one.state, one.error) for one in self.host.tasks_queue.queued]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    library, server, plugin = Shelf(), Server(), Tmdb()
    host = FakeHostServices(library, fetch=server)
    with in_process(plugin, settings={"api_key": "s3cret"}, host=host) as running:
        yield World(tmp_path, library, server, host, plugin, running)


# ---- films ----


def test_a_film_is_found_by_title_and_year(world: World) -> None:
    world.set(language="de-DE")
    world.put(1, "Moon (1902)/moon.mp4", {**BY_NAME, "duration": "880.000"})
    assert world.scan(1) == {1: DESCRIBED}
    assert world.asked == ["/search/movie", "/movie/775", f"{IMAGES}/w500/moon.jpg"]
    assert world.posters(1) == [f"poster {IMAGES}/w500/moon.jpg"]
    search, movie, picture = world.server.requests
    assert parse_qs(urlsplit(search.url).query) == {
        "language": ["de-DE"], "query": ["A Trip to the Moon"], "include_adult": ["false"], "year": ["1902"],
    }  # fmt: skip
    assert {one.headers["authorization"] for one in (search, movie)} == {"Bearer {secret:api_key}"}
    assert "authorization" not in picture.headers
    assert "s3cret" not in repr(world.server.requests) + repr(dict(world.plugin.settings))


@pytest.mark.parametrize(
    ("ids", "asked"),
    [
        ({"tmdb_id": "775", "imdb_id": "tt9999999"}, ["/movie/775"]),
        ({"imdb_id": "tt0000417"}, ["/find/tt0000417", "/movie/775"]),
    ],
)
@pytest.mark.parametrize("nfo", ["moon.nfo", "movie.nfo", ""])
def test_ids_come_before_titles(world: World, ids: dict[str, str], asked: list[str], nfo: str) -> None:
    world.server.says["/find/tt0000417"] = {"movie_results": [LISTED], "tv_results": []}
    world.set(posters=False)
    world.put(1, "moon.mp4", {"title": "Quite another", "date": "1999"} | ({} if nfo else ids))
    if nfo:
        world.put(2, nfo, {"nfo_type": "movie", "title": "Mond", **ids})
    assert world.scan(1)[1]["title"] == "A Trip to the Moon"
    assert (world.asked, world.posters(1)) == (asked, [])


def test_what_an_nfo_says_of_title_and_year_comes_before_the_name(world: World) -> None:
    world.put(1, "a.mp4", {"title": "a"})
    world.put(2, "a.nfo", {"nfo_type": "movie", "title": "Le voyage dans la lune", "date": "1903-01-01"})
    assert world.scan(1)[1]["tmdb_id"] == "775"
    world.put(3, "b/b.mp4", {"title": "b"})
    world.put(4, "b/b.nfo", {"nfo_type": "artist", "tmdb_id": "775"})
    assert 3 not in world.scan(3)


@pytest.mark.parametrize(
    "said",
    [
        {"title": "A Trip to the Moon"},
        {"title": "A Trip to the Mall", "date": "1902"},
        {"title": "A Trip to the Moon 2", "date": "1902"},
        {"title": "A Trip to the Moon", "date": "1905"},
        {**BY_NAME, "duration": "95.000"},
        {**BY_NAME, "artist": "Some Band"},
        {**BY_NAME, "tmdb_id": "404404"},
        {**BY_NAME, "imdb_id": "tt0000418"},
        {"show": "A Trip to the Moon", "date": "1902"},
        {},
    ],
)
def test_what_may_be_another_film_is_not_taken(world: World, said: dict[str, str]) -> None:
    world.server.says["/find/tt0000418"] = {"movie_results": [LISTED, {**LISTED, "id": 776}]}
    world.put(1, "a.mp4", said)
    assert (world.scan(1), world.states, world.posters(1)) == ({}, [], [])


def test_several_films_that_may_be_meant_are_none(world: World) -> None:
    world.server.says["/search/movie"] = {"results": [LISTED, {**LISTED, "id": 776}]}
    world.put(1, "a.mp4", BY_NAME)
    assert world.scan(1) == {}
    world.server.says["/search/movie"] = {"results": [{**LISTED, "id": 776, "release_date": "1903-01-01"}, LISTED]}
    world.put(2, "b.mp4", {**BY_NAME, "duration": "900.000"})
    world.forget()
    assert world.scan(2)[2]["tmdb_id"] == "775"


# ---- series ----


def test_an_episode_is_described_and_shows_the_poster_of_its_series(world: World) -> None:
    world.put(1, "Faust/Season 1/2.mp4", EPISODE)
    world.put(2, "Faust/Season 1/1.mp4", {**EPISODE, "episode": ["1", "2"]})
    assert world.scan(1, 2) == {
        1: {
            "title": "Der Pakt", "description": "Faust und Mephisto.", "date": "1960-01-08", "genre": "Drama",
            "studio": "ARD", "rating": "8", "tmdb_id": "602",
        },
        2: {
            "title": ["Prolog", "Der Pakt"], "description": "Faust und Mephisto.", "date": "1960-01-01",
            "genre": "Drama", "studio": "ARD",
        },
    }  # fmt: skip
    assert world.asked == ["/search/tv", "/tv/60", "/tv/60/season/1", f"{IMAGES}/w500/faust.jpg"], "once for both"
    assert world.posters(1) == world.posters(2) == [f"poster {IMAGES}/w500/faust.jpg"]


def test_ids_of_the_series_are_in_the_nfo_above(world: World) -> None:
    world.server.says["/find/81189"] = {"tv_results": [SERIES], "tv_episode_results": [{"id": 602}]}
    world.server.says["/search/tv"] = {"results": []}
    world.put(1, "Faust/Season 1/2.mp4", {**EPISODE, "show": "F."})
    world.put(2, "Faust/tvshow.nfo", {"nfo_type": "tvshow", "title": "Faust", "tvdb_id": "81189"})
    assert world.scan(1)[1]["title"] == "Der Pakt"
    assert world.asked[:3] == ["/find/81189", "/tv/60", "/tv/60/season/1"]


@pytest.mark.parametrize(
    ("said", "served"),
    [
        ({**EPISODE, "show": "Fauna"}, {}),
        ({**EPISODE, "episode": "3"}, {}),
        ({**EPISODE, "episode": ["2", "3"]}, {}),
        ({**EPISODE, "season": "2"}, {}),
        ({"show": "Faust", "episode": "2"}, {}),
        (EPISODE, {"/search/tv": {"results": [SERIES, {**SERIES, "id": 61, "first_air_date": "2001-01-01"}]}}),
        (EPISODE, {"/tv/60/season/1": {**SEASON, "season_number": 7}}),
    ],
)
def test_what_may_be_another_episode_is_not_taken(
    world: World, said: dict[str, Value], served: dict[str, object]
) -> None:
    world.server.says |= served
    world.put(1, "a.mp4", said)
    assert (world.scan(1), world.states) == ({}, [])


# ---- posters ----


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"season": "0", "episode": "1"}, ""),
        ({"season": "0", "episode": "1", "title": "x264"}, ""),
        ({"season": "0", "episode": "1", "title": "Blick hinter die Kulissen"}, "Blick hinter die Kulissen"),
        ({"season": "1", "episode": "2", "title": "Der Pakt"}, "Der Pakt"),
        ({"season": "1", "episode": "2", "title": "The Pact"}, "Der Pakt"),
        ({"season": "1", "episode": "2", "title": "Prolog"}, ""),
        ({"season": "1", "episode": ["1", "2"], "title": "Prolog"}, ["Prolog", "Der Pakt"]),
    ],
)
def test_a_title_may_tell_that_episodes_are_numbered_otherwise(
    world: World, said: dict[str, Value], found: Value
) -> None:
    behind = {"id": 600, "episode_number": 1, "name": "Blick hinter die Kulissen"}
    world.server.says["/tv/60/season/0"] = {"season_number": 0, "episodes": [behind]}
    world.put(1, "a.mp4", {"show": "Faust", **said})
    assert world.scan(1).get(1, {}).get("title", "") == found


def test_the_nfo_of_a_folder_is_of_the_film_with_its_title(world: World) -> None:
    both = {"nfo_type": "movie", "title": "A Trip to the Moon", "tmdb_id": "775", "belongs_to": ["1.mp4", "2.mp4"]}
    world.server.says["/search/movie"] = {"results": []}
    world.put(1, "1.mp4", {"title": "Another Film", "date": "1903"})
    world.put(2, "2.mp4", {"title": "A Trip to the Moon"})
    world.put(3, "3.mp4", {"title": "A Trip to the Moon", "duration": "60"})
    world.put(4, "movie.nfo", both)
    assert {*world.scan(1, 2, 3)} == {2}, "not another film, nor the trailer"


@pytest.mark.parametrize("name", ["poster.jpg", "FOLDER.PNG", "moon.jpg", "moon-poster.webp"])
def test_a_poster_beside_the_film_stays_the_one(world: World, name: str) -> None:
    path = world.put(1, "Moon/moon.mp4", BY_NAME)
    (path.parent / name).write_bytes(JPEG)
    world.scan(1)
    assert (world.asked, world.posters(1)) == (["/search/movie", "/movie/775"], [])


@pytest.mark.parametrize("path", [None, 7, "https://evil.example/a.jpg", "/../../etc/passwd", "/a.svg", "//evil/a.jpg"])
def test_what_is_no_path_of_a_poster_is_not_fetched(world: World, path: object) -> None:
    world.server.says["/movie/775"] = {**FILM, "poster_path": path}
    world.put(1, "a.mp4", BY_NAME)
    assert world.scan(1)[1]["title"] == "A Trip to the Moon"
    assert world.asked == ["/search/movie", "/movie/775"]


def test_what_is_no_picture_is_not_kept(world: World) -> None:
    with world.plugin.asking("pictures"):
        pass  # it has answered before
    world.server.answers[f"{IMAGES}/w500/moon.jpg"] = b"<html>hello</html>"
    world.put(1, "a.mp4", BY_NAME)
    world.scan(1)
    assert (world.posters(1), world.host.assets_store.stored) == ([], {})
    assert "is no picture" in world.states[0][1]
    world.server.answers[f"{IMAGES}/w500/moon.jpg"] = Fetched(404, "", {})
    world.put(2, "b.mp4", BY_NAME)
    assert world.scan(2)[2]["title"] == "A Trip to the Moon"
    assert len(world.states) == 1


# ---- a server that fails ----


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"<html>welcome to our hotel</html>", "what is no JSON"),
        (b"[" * 100_000, "what is no JSON"),
        (b"[1]", "no object"),
        (b'{"results": [' + b" " * 5_000_000, "more than"),
        (Fetched(500, URL, {}), "the status 500"),
        (FILM, "something else"),
    ],
)
def test_a_server_that_answers_wrongly_is_asked_again_and_then_set_aside(
    world: World, said: object, reason: str
) -> None:
    with world.plugin.asking("server"):
        pass  # it has answered before
    if said is FILM:
        world.server.says["/movie/775"] = {**FILM, "id": 776}
    else:
        world.server.says["/search/movie"] = said
    world.put(1, "a.mp4", BY_NAME)
    assert world.scan(1) == {}
    ((state, error),) = world.states
    assert (state, reason in error) == (TaskState.SET_ASIDE, True), error  # the fake queue makes one attempt


def test_an_outage_sets_nothing_aside_and_is_told_until_it_is_over(world: World) -> None:
    good, world.server.says["/search/movie"] = world.server.says["/search/movie"], Fetched(502, URL, {})
    for number in (1, 2):
        world.put(number, f"{number}.mp4", BY_NAME)
    world.scan(1, 2)
    assert [state for state, _ in world.states] == [TaskState.DELAYED] * 2
    assert (world.asked, [one.level for one in world.host.notices]) == (["/search/movie"], ["warning"])
    world.server.says["/search/movie"] = good
    world.plugin.on_settings_changed()
    assert world.host.notices == ()
    for number in (1, 2):
        world.plugin.execute_task(Task(number, "video", number))
    assert sorted(world.host.put_metadata) == [1, 2]


def test_pictures_that_cannot_be_fetched_hold_up_no_description(world: World) -> None:
    denied: list[ViewraError] = [PermissionDenied("the host is not granted"), FetchFailed("no route to host")]
    for number, error in enumerate(denied, start=1):
        world.server.answers[f"{IMAGES}/w500/moon.jpg"] = error
        world.put(number, f"{number}.mp4", BY_NAME)
        world.put(number + 10, f"{number + 10}.mp4", BY_NAME)
        said = world.scan(number, number + 10)
        assert said[number]["title"] == said[number + 10]["title"] == "A Trip to the Moon"
        assert error.message in world.host.notices[0].text
        assert [state for state, _ in world.states] == [TaskState.DELAYED] * 2 * number
        world.plugin.on_settings_changed()
    world.server.answers[f"{IMAGES}/w500/moon.jpg"] = JPEG
    world.plugin.execute_task(Task(1, "video", 1))
    assert (len(world.posters(1)), world.host.notices) == (1, ())


@pytest.mark.parametrize(
    "results", [None, 7, "x", {}, [None, 7, [], {"id": 775}, {"id": "775", **BY_NAME}, {"id": True, "title": "a"}]]
)
def test_results_of_wrong_types_are_none(world: World, results: object) -> None:
    world.server.says["/search/movie"] = {"results": results}
    world.put(1, "a.mp4", BY_NAME)
    assert (world.scan(1), world.states) == ({}, [])


def test_fields_of_wrong_types_are_left_out(world: World) -> None:
    wrong: list[object] = [
        7, None, True, [], {}, ["x"], [{"name": 7}], "x\x00\u2028" * 9_000, "\x1b[31mx\x85\ud800", float("nan"), -1,
    ]  # fmt: skip
    for number, value in enumerate(wrong, start=1):
        fields = {name: value for name in FILM if name not in {"id", "title"}}
        world.server.says["/movie/775"] = {**fields, "id": 775, "title": "A Trip to the Moon"}
        world.forget()
        world.put(number, f"{number}.mp4", BY_NAME)
        assert world.scan(number)[number]["title"] == "A Trip to the Moon"
    assert world.states == []


def test_forms() -> None:
    assert [answers.date(one) for one in ("1902-04-17", "1902-02-30", "1902", "", None)] == [
        "1902-04-17",
        "",
        "",
        "",
        "",
    ]
    assert [answers.rating(*one) for one in ((7.95, 2), (10, 1), (0, 9), (8, 0), (0.01, 1), (11, 1), (True, 1))] == [
        "8", "10", "", "", "", "", "",
    ]  # fmt: skip


def test_a_server_that_asks_for_patience_gets_it(world: World) -> None:
    world.server.says["/search/movie"] = Fetched(429, URL, {"retry-after": "7"})
    for number in (1, 2):
        world.put(number, f"{number}.mp4", {**BY_NAME, "title": f"Moon {number}"})
    assert world.scan(1, 2) == {}
    assert [state for state, _ in world.states] == [TaskState.DELAYED, TaskState.DELAYED]
    assert world.asked == ["/search/movie"], "the second film is not asked for within that time"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Fetched(401, URL, {}, b'{"status_code":7}'), "does not accept the key"),
        (NotFound("there is no secret setting 'api_key'", hint="set it"), "no secret setting 'api_key' (set it)"),
    ],
)
def test_without_a_key_the_operator_is_told(world: World, said: object, reason: str) -> None:
    world.server.says["/search/movie"] = said
    for number in (1, 2):
        world.put(number, f"{number}.mp4", BY_NAME)
    world.scan(1, 2)
    (notice,) = world.host.notices
    assert reason in notice.text
    assert [state for state, _ in world.states] == [TaskState.DELAYED, TaskState.DELAYED]
    assert world.asked == ["/search/movie"]


# ---- again ----


def test_a_film_is_asked_for_once_until_something_changes(world: World) -> None:
    world.put(1, "a.mp4", BY_NAME)
    world.scan(1)
    count = len(world.asked)
    world.scan(1)
    assert len(world.asked) == count
    world.put(2, "a.nfo", {"nfo_type": "movie", "tmdb_id": "5", "belongs_to": ["a.mp4", "gone.mp4"]})
    assert world.scan(2) == {1: {}}, "it is another film, and nothing is known of that"
    assert (world.asked[count:], world.posters(1)) == (["/movie/5"], [])
    hook = world.running.scanner_hook
    assert hook is not None
    hook.on_library_events([LibraryEvent(LibraryEventKind.PURGED, 1, 1, 1, "/a")])
    assert world.host.kv.list("file") == ()


def test_an_nfo_of_a_series_has_its_episodes_looked_at(world: World) -> None:
    world.put(1, "Faust/Season 1/2.mp4", {**EPISODE, "show": "F."})
    world.put(2, "Faust/tvshow.nfo", {"nfo_type": "tvshow", "title": "Faust", "tmdb_id": "60"})
    world.put(3, "Faustus/2.mp4", {**EPISODE, "show": "F."})
    assert list(world.scan(2)) == [1]


def test_films_that_were_there_before_are_looked_at_once(world: World) -> None:
    world.put(1, "a.mp4", BY_NAME)
    world.put(2, "a.nfo", {"nfo_type": "artist"})
    completed = ScanEvent(ScanEventKind.COMPLETED, 1, 1)
    world.plugin.on_scan_events([completed])
    assert list(world.work()) == [1]
    count = len(world.asked)
    world.plugin.on_scan_events([completed])
    world.work()
    assert len(world.asked) == count
    world.set(language="fr-FR")
    world.plugin.on_settings_changed()
    world.work()
    assert world.asked[count:] == ["/search/movie", "/movie/775"]
