"""A search with more hits than are ranked: a few thousand candidates, the likeliest first, in an order that stays."""

from __future__ import annotations

import pytest

from tests.unit.library.conftest import FakeHook, World
from viewra import library
from viewra.library import LibraryAccess, broad, searching
from viewra.types import FileOutcome

MOST = 20


@pytest.fixture
def crowd(world: World, hook: FakeHook, monkeypatch: pytest.MonkeyPatch) -> World:
    """Files with the word love everywhere: more in titles than are counted, three called so, others by artist."""
    monkeypatch.setattr(searching, "MAX_COUNTED", MOST)
    monkeypatch.setattr(broad, "AT_ONCE", 7)
    tags = {f"t{number:02}.mp3": {"title": f"All you need is love {number}"} for number in range(30)}
    tags |= {f"a{number:02}.mp3": {"title": f"Song {number}", "artist": "Love"} for number in range(30)}
    tags |= {f"z{number}.mp3": {"title": "LOVE", "artist": f"Artist {number}"} for number in range(3)}
    for name in tags:
        world.put(name)
    hook.add_scraper(behaviour=lambda files: [FileOutcome(tags[one.file_path.rpartition("/")[2]]) for one in files])
    world.scan()
    return world


def _titles(world: World, query: str, limit: int = 10, offset: int = 0) -> list[str]:
    return [hit.title for hit in library.search(world.engine, None, query, limit=limit, offset=offset).results]


def test_files_that_are_called_so_come_first(crowd: World) -> None:
    page = library.search(crowd.engine, None, "love", limit=MOST)
    assert (page.total, page.has_more) == (MOST, True)
    assert [hit.title for hit in page.results[:3]] == ["LOVE"] * 3
    assert all("love" in hit.title.lower() for hit in page.results)
    scores = [hit.score for hit in page.results]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1


def test_pages_are_the_whole_in_parts(crowd: World) -> None:
    whole = [hit.path for hit in library.search(crowd.engine, None, "love", limit=MOST).results]
    parts = [
        hit.path
        for offset in range(0, MOST, 7)
        for hit in library.search(crowd.engine, None, "love", limit=7, offset=offset).results
    ]
    assert parts[:MOST] == whole
    assert len(set(whole)) == MOST
    assert library.search(crowd.engine, None, "love", offset=MOST).results == ()


@pytest.mark.parametrize(
    ("query", "begins"),
    [("artist:love", "Song"), ("love -song", "LOVE"), ("all love", "All"), ('"need is love"', "All"), ("lov*", "LOVE")],
)
def test_other_queries_are_bounded_too(crowd: World, query: str, begins: str) -> None:
    page = library.search(crowd.engine, None, query, limit=MOST)
    assert page.has_more
    assert len(page.results) == MOST
    assert page.results[0].title.startswith(begins)


def test_conditions_hold_among_many_hits(crowd: World) -> None:
    (one,) = LibraryAccess(crowd.engine).files("path:t07").items
    page = library.search(crowd.engine, None, f"love -id:{one.id}", limit=MOST)
    assert page.has_more
    assert one.path not in {hit.path for hit in page.results}


def test_few_hits_are_counted_and_ranked_as_they_are(crowd: World) -> None:
    page = library.search(crowd.engine, None, "need 7")
    assert (page.total, page.has_more) == (1, False)


@pytest.mark.parametrize("query", ["", "sort:title", "sort:-title", "sort:year", "sort:-added", "sort:artist sort:-id"])
def test_pages_of_files_are_the_whole_in_parts(crowd: World, query: str) -> None:
    access = LibraryAccess(crowd.engine)
    whole = [file.id for file in access.files(query).items]
    parts: list[int] = []
    after = None
    while True:
        page = access.files(query, after=after, limit=4)
        parts += [file.id for file in page.items]
        if (after := page.next) is None:
            break
    assert parts == whole
    assert len(set(whole)) == 63
