"""Which episode a file is taken for, and what is added to it."""

from __future__ import annotations

import pytest

from viewra.types.values import Value

from .conftest import EPISODE, IMAGES, SEASON, SERIES, World


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


def test_an_nfo_of_a_series_has_its_episodes_looked_at(world: World) -> None:
    world.put(1, "Faust/Season 1/2.mp4", {**EPISODE, "show": "F."})
    world.put(2, "Faust/tvshow.nfo", {"nfo_type": "tvshow", "title": "Faust", "tmdb_id": "60"})
    world.put(3, "Faustus/2.mp4", {**EPISODE, "show": "F."})
    assert list(world.scan(2)) == [1]
