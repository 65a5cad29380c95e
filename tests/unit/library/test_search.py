"""Searching: ranking, fields, and plugins' hits beside the library's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from viewra import library
from viewra.errors import PluginTimeout, UsageError
from viewra.types import FileOutcome, FileToRead, Result, SearchResponse, SearchResult

TRACKS = {
    "1.mp3": {"title": "Mass in B minor", "artist": "Johann Sebastian Bach", "date": "1749"},
    "2.mp3": {"title": "Beethoven plays Bach", "artist": "Nobody"},
    "3.mp3": {"title": "Symphony", "artist": "Ludwig van Beethoven", "genre": "Classical"},
    "4.mp3": {"title": "Vögel", "artist": "Bjørk"},
}


@pytest.fixture
def filled(world: World) -> World:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        return [FileOutcome(TRACKS[Path(file.file_path).name]) for file in files]

    world.hook.add_scraper("tags", behaviour)
    for name in TRACKS:
        world.put(f"sub dir/{name}")
    world.scan()
    return world


def found(world: World, query: str) -> list[str]:
    page = library.search(world.engine, None, query)
    assert page.total == len(page.results)
    return [Path(hit.path).name for hit in page.results]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("bach", {"1.mp3", "2.mp3"}),
        ("bach mass", {"1.mp3"}),
        ("artist:bach", {"1.mp3"}),
        ("artist: bach", {"1.mp3"}),
        ("title:bach", {"2.mp3"}),
        ("bee*", {"2.mp3", "3.mp3"}),
        ("bee", set()),
        ('"b minor"', {"1.mp3"}),
        ('"minor b"', set()),
        ("bach -nobody", {"1.mp3"}),
        ("mass OR symphony", {"1.mp3", "3.mp3"}),
        ("vogel", {"4.mp3"}),
        ("date:1749", {"1.mp3"}),
        ("path:dir", {"1.mp3", "2.mp3", "3.mp3", "4.mp3"}),
        ("path:music", set()),
        ("?!", set()),
    ],
)
def test_what_is_found(filled: World, query: str, names: set[str]) -> None:
    assert set(found(filled, query)) == names


def test_the_best_come_first_with_scores_from_1_down(filled: World) -> None:
    hits = library.search(filled.engine, None, "beethoven").results
    assert [hit.source for hit in hits] == ["library", "library"]
    assert hits[0].score == 1.0
    assert 0 <= hits[1].score <= 1
    assert {(hit.title, hit.artist) for hit in hits} >= {("Symphony", "Ludwig van Beethoven")}


def test_pages_together_are_the_whole(filled: World) -> None:
    whole = library.search(filled.engine, None, "path:dir").results
    pages = [library.search(filled.engine, None, "path:dir", limit=3, offset=offset) for offset in (0, 3, 6)]
    assert [hit for page in pages for hit in page.results] == list(whole)
    assert {page.total for page in pages} == {4}


def test_hits_of_plugins_are_merged_and_failures_told(filled: World) -> None:
    hits = (SearchResult("id-7", "Far", score=0.5), SearchResult("x", "Best", score=7.0, metadata={"path": "/far.mp3"}))
    error = PluginTimeout("slow", "no answer")
    filled.hook.answers = [Result("far", SearchResponse(hits, 12)), Result("slow", error=error)]
    page = library.search(filled.engine, filled.hook, "artist:bach", limit=10)
    assert page.total == 13
    assert page.errors == (error,)
    assert [(Path(hit.path).name, hit.source, hit.score) for hit in page.results] == [
        ("1.mp3", "library", 1.0),
        ("far.mp3", "far", 1.0),
        ("id-7", "far", 0.5),
    ]
    assert filled.hook.searches == [({"artist": "bach"}, 10, 0)]


def test_a_plugin_that_lies_and_floods_gains_nothing(filled: World) -> None:
    known = str(next(path for path in filled.folder.rglob("1.mp3")))
    flood = [SearchResult(f"id-{number}", "Spam", score=1.0) for number in range(50)]
    again = [SearchResult(str(number), "Mass", score=0.1, metadata={"path": known}) for number in range(50)]
    odd = [SearchResult("x", "Address", score=float("nan"), metadata={"url": "https://example.org/x"})]
    filled.hook.answers = [
        Result("flood", SearchResponse((*flood, *again, *odd), 2**40)),
        Result("good", SearchResponse((SearchResult("g", "Good", score=0.2),), 0)),
        Result("liar", SearchResponse((*again, *again), 100)),
    ]
    page = library.search(filled.engine, filled.hook, "artist:bach", limit=200)
    assert [hit.path for hit in page.results].count(known) == 1
    first = [(hit.source, hit.path) for hit in page.results[:3]]
    assert first == [("library", known), ("flood", "id-0"), ("good", "g")], "each source's best beside the others'"
    assert ("flood", "https://example.org/x") in [(hit.source, hit.path) for hit in page.results]
    assert page.total < 30_000
    assert page.has_more
    few = library.search(filled.engine, filled.hook, "artist:bach", limit=3)
    assert few.results == page.results[:3]


def test_an_order_is_the_librarys(filled: World) -> None:
    filled.hook.answers = [Result("far", SearchResponse((SearchResult("x", "Far"),), 1))]
    page = library.search(filled.engine, filled.hook, "artist:bach sort:title")
    assert {hit.source for hit in page.results} == {"library"}
    assert page.total == len(page.results)
    assert filled.hook.searches == []


@pytest.mark.parametrize("query", ["", "  ", "nope:x", "sort:title"])
def test_what_is_no_search_is_refused(filled: World, query: str) -> None:
    with pytest.raises(UsageError):
        library.search(filled.engine, filled.hook, query)
    assert filled.hook.searches == []


def test_the_index_follows_changes_and_deletions(filled: World) -> None:
    (filled.folder / "sub dir" / "1.mp3").unlink()
    filled.scan()
    assert found(filled, "mass") == []
    filled.check_consistent()
