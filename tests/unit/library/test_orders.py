"""Each order of files and albums is that of an index, on the first page and on those behind a place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.unit.library.conftest import Shelf
from tests.unit.library.plans import asked, plan
from viewra import library
from viewra.library.listing import places
from viewra.types import Page

FILES = {
    "added": "ix_media_files_added_at",
    "album": "ix_catalogue_sort_album",
    "artist": "ix_catalogue_sort_artist",
    "duration": "ix_catalogue_duration_ms",
    "modified": "ix_media_files_mtime_ns",
    "size": "ix_media_files_size",
    "title": "ix_catalogue_sort_title",
    "year": "ix_catalogue_year",
}
ALBUMS = {
    "added": "ix_albums_added_at",
    "artist": "ix_albums_sort_artist",
    "title": "ix_albums_sort_title",
    "year": "ix_albums_year",
}
EACH = [*(("files", *one) for one in FILES.items()), *(("albums", *one) for one in ALBUMS.items())]


@pytest.fixture
def filled(shelf: Shelf) -> Shelf:
    for number in range(12):
        tags = {"artist": "ab"[number % 2], "album": f"Album {number}", "date": str(1985 + number)}
        shelf.put(f"{number}/{number}.mp3", title=f"Title {number}", duration=str(100 + number // 2), **tags)
    shelf.world.scan()
    return shelf


def _listing(shelf: Shelf, what: str) -> Callable[..., Page[Any]]:
    found: Callable[..., Page[Any]] = getattr(shelf.access, what)
    return found


@pytest.mark.parametrize("descending", ["", "-"])
@pytest.mark.parametrize(("what", "field", "index"), EACH)
def test_an_index_has_the_order(filled: Shelf, what: str, field: str, index: str, descending: str) -> None:
    listing = partial(_listing(filled, what), f"sort:{descending}{field}", limit=2)
    after = listing().next
    assert after is not None
    for place in (None, after):
        said = plan(filled.world.engine, partial(listing, after=place))
        assert index in said, said
        assert "Sort" not in said, said
        assert "ORDER BY" not in said, said


@pytest.mark.parametrize(("what", "field", "_index"), EACH)
def test_pages_of_an_order_are_the_whole_in_parts(filled: Shelf, what: str, field: str, _index: str) -> None:
    listing = _listing(filled, what)
    for query in (f"sort:{field}", f"sort:-{field}"):
        whole, parts, after = [one.id for one in listing(query).items], list[int](), None
        while True:
            page = listing(query, after=after, limit=3)
            parts += [one.id for one in page.items]
            if (after := page.next) is None:
                break
        assert parts == whole
        assert len(whole) == (12 if what == "files" else len({*whole}))


@pytest.mark.parametrize("what", ["artists", "genres", "series"])
def test_groups_are_not_joined_with_all_of_their_files(filled: Shelf, what: str) -> None:
    said = plan(filled.world.engine, _listing(filled, what))
    assert "Semi Join" not in said, said


def test_a_search_is_one_statement(filled: Shelf) -> None:
    engine = filled.world.engine
    ((text, _),) = asked(engine, partial(library.search, engine, None, "title -title:7 artist:a"))
    assert text.startswith("WITH"), text


def test_a_search_looks_up_only_the_files_of_the_best_hits(filled: Shelf) -> None:
    engine = filled.world.engine
    said = plan(engine, partial(library.search, engine, None, "title", limit=3))
    for table in ("media_files", "catalogue"):
        assert f"SEARCH {table} USING INTEGER PRIMARY KEY" in said or f"using pk_{table}" in said, said


def test_a_page_without_a_word_looks_only_at_its_own_files(filled: Shelf) -> None:
    if filled.world.engine.dialect.name != "postgresql":
        pytest.skip("SQLite finds all hits, which takes it less time")
    said = plan(filled.world.engine, partial(filled.access.files, "-love", limit=3))
    assert "using pk_media_search" in said, said
    assert "hashed" not in said, said


def test_the_first_page_by_path_reads_the_first_folders(filled: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "FEW", 0)
    for query in ("", "kind:audio", "title", "year:1980..1999 sort:-path"):
        said = plan(filled.world.engine, partial(filled.access.files, query, limit=3))
        if filled.world.engine.dialect.name == "sqlite":
            assert "SEARCH directories USING COVERING INDEX" in said, (query, said)
            assert "ORDER BY" not in said, (query, said)
        else:
            assert "Presorted Key" in said or "Sort" not in said, (query, said)


def test_rows_behind_a_place_are_found_by_all_of_it(filled: Shelf) -> None:
    if filled.world.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL compares rows by an index")
    listing = partial(filled.access.files, "sort:-added", limit=2)
    after = listing().next
    engine = filled.world.engine
    assert "(added_at=? AND id<?)" in plan(engine, partial(listing, after=after)), "all are of one scan"


def test_a_scan_leaves_no_part_of_the_search_index_unsorted(filled: Shelf) -> None:
    if filled.world.engine.dialect.name != "postgresql":
        pytest.skip("SQLite's index is always sorted")
    left = "SELECT gin_clean_pending_list('ix_media_search_document')"
    with filled.world.engine.begin() as connection:
        assert connection.exec_driver_sql(left).scalar_one() == 0
