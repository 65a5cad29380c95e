"""Which nfo file describes which video, by the names of both."""

from __future__ import annotations

import pytest

from tests.unit.library.conftest import FakeHook, World
from tests.unit.library.films import Films
from viewra.library import descriptions


@pytest.fixture
def films(world: World, hook: FakeHook) -> Films:
    return Films(world, hook)


def test_the_discs_of_a_film_have_what_one_nfo_file_says(films: Films) -> None:
    films.put("Film cd1.avi", "Film.CD2.avi", "Film part 3.avi", "Other cd1.avi")
    films.nfo("Other.nfo", title="First disc of another")
    films.scan()
    films.nfo("Film.nfo", title="Of both")
    films.nfo("Other cd1.nfo", title="Own")
    films.scan()
    titles = {"Film cd1.avi": "Of both", "Film.CD2.avi": "Of both", "Film part 3.avi": "Film part 3"}
    assert films.titles() == {**titles, "Other cd1.avi": "Own"}


def test_an_nfo_file_in_the_same_case_counts_more(films: Films) -> None:
    films.put("film.mkv", "FILM.mkv")
    films.nfo("FILM.nfo", title="Capitals")
    films.scan()
    assert films.titles() == {"film.mkv": "Capitals", "FILM.mkv": "Capitals"}
    lower = films.nfo("film.nfo", title="Small letters")
    films.scan()
    assert films.titles() == {"film.mkv": "Small letters", "FILM.mkv": "Capitals"}
    lower.unlink()
    films.scan()
    assert films.titles()["film.mkv"] == "Capitals"


@pytest.mark.parametrize(
    ("folder", "videos", "film"),
    [
        ("M", ["a.mkv"], ["a.mkv"]),
        ("M", ["a.mkv", "b.mkv"], []),
        ("M", ["a.mkv", "a-trailer.mkv", "sample.mkv", "A-featurette.mkv"], ["a.mkv"]),
        ("M", ["a-cd1.avi", "A-CD2.avi"], ["a-cd1.avi", "A-CD2.avi"]),
        ("M", ["a.mkv", "a.mp4"], ["a.mkv", "a.mp4"]),
        ("M", ["m - 4K.mkv", "M.mkv", "M [uncut].mkv"], ["m - 4K.mkv", "M.mkv", "M [uncut].mkv"]),
        ("Alien", ["Alien (1979).mkv", "Alien 3.mkv"], []),
        ("", ["a.mkv", "b.mkv"], []),
        ("M", ["a-trailer.mkv"], []),
        ("M", [], []),
    ],
)
def test_which_videos_are_the_one_film_of_a_folder(folder: str, videos: list[str], film: list[str]) -> None:
    place = f"/films/{folder}".encode()
    assert descriptions.film_in(place, [name.encode() for name in videos]) == {name.encode() for name in film}
