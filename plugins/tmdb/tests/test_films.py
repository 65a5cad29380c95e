"""Which film a file is taken for, and what is added to it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from viewra.types import LibraryEvent, LibraryEventKind, ScanEvent, ScanEventKind

from .conftest import BY_NAME, DESCRIBED, IMAGES, LISTED, World


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


def test_the_nfo_of_a_folder_is_of_the_film_with_its_title(world: World) -> None:
    both = {"nfo_type": "movie", "title": "A Trip to the Moon", "tmdb_id": "775", "belongs_to": ["1.mp4", "2.mp4"]}
    world.server.says["/search/movie"] = {"results": []}
    world.put(1, "1.mp4", {"title": "Another Film", "date": "1903"})
    world.put(2, "2.mp4", {"title": "A Trip to the Moon"})
    world.put(3, "3.mp4", {"title": "A Trip to the Moon", "duration": "60"})
    world.put(4, "movie.nfo", both)
    assert {*world.scan(1, 2, 3)} == {2}, "not another film, nor the trailer"


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
