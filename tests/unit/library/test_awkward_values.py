"""Queries find what is meant among values, names and numbers that are unusual, in every kind of database."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import partial

import orjson
import pytest

from tests.unit.library.conftest import Shelf
from tests.unit.library.plans import asked
from viewra import library
from viewra.db.plugin_tasks import read_task
from viewra.errors import NotFound, UsageError
from viewra.library import showing
from viewra.library.scan_history import get_scan
from viewra.types import FileEntry, MetadataValue

FILES: dict[str, dict[str, str | Sequence[str]]] = {
    "1.mp3": {"title": "Two", "duration": "1.001", "released": "May 1990", "Mood": "sad", "album": "B", "date": "1990"},
    "2.mp3": {"title": "Two three", "duration": "2.3", "released": "1990-5-17", "mood": "glad", "album": "A"},
    "3.mp3": {"title": "One", "duration": "1:00", "released": ["x", "19900601"], "actor": "Ann", "album": "B\0A"},
    "4.mp3": {"title": "Two one", "released": "1990 (again)", "actor": ["Bob", "Ann"], "album": "B\0A"},
}

FOUND = {
    "duration:>1.001": "2", "duration:<=1.001": "1", "duration:1.001..2.3": "1 2", "size:1.001k": "4",
    "size:>1.001k": "", "released:>1990-04": "2 3", "released:1990-05..1990-05": "2", "released:<1990-06": "2 4",
    "released:>=1990-05-17": "2 3", "released:1989..1990-05-17": "2 4", "-released:>1990-04": "1 4",
    "mood:sad": "1", "Mood:sad": "1", "MOOD:*": "1 2", '-mood:""': "1 2", "mood:~d$ two": "1 2",
    "has_picture:no": "1 2 3 4", "compilation:yes": "", "-compilation:no": "",
    "-missing:yes kind:audio": "1 2 3 4", "(missing:no title:one) OR (-missing:yes year:1990)": "1 3 4",
    "two (three OR year:1990)": "1 2", "two actor:ann": "4", "two -(one actor:ann)": "1 2",
    'two (one OR genre:"")': "1 2 4",
    "sort:title sort:-id": "3 1 4 2", "sort:-mood": None, "sort:>title": None,
}  # fmt: skip
"""What is typed → the numbers of the files that are found, None for a mistake."""


@pytest.fixture
def filled(shelf: Shelf) -> Shelf:
    for name, tags in FILES.items():
        shelf.put(name, **tags)
    shelf.world.put("4.mp3", bytes(1001))
    shelf.world.scan()
    return shelf


def test_finding(filled: Shelf) -> None:
    found = {query: numbers(filled, query) for query in FOUND}
    assert found == FOUND


def numbers(shelf: Shelf, query: str) -> str | None:
    """What is found, and what searches and pages find, too."""
    try:
        whole = shelf.access.files(query).items
    except UsageError:
        return None
    parts: list[FileEntry] = []
    after = None
    while len(parts) < len(whole):
        page = shelf.access.files(query, after=after, limit=1)
        parts += page.items
        after = page.next
    assert parts == [*whole], query
    if not query.startswith("sort:"):
        assert library.search(shelf.world.engine, None, query).total == len(whole), query
    return " ".join(file.path.rpartition("/")[2].removesuffix(".mp3") for file in whole)


def test_what_is_sorted_by_id_has_no_other_order(filled: Shelf) -> None:
    files = [file.id for file in filled.access.files("sort:-id sort:title").items]
    assert files == sorted(files, reverse=True)
    ids = filled.ids()
    assert [album.id for album in filled.access.albums("sort:-id sort:title").items] == ids[::-1]


def test_nul_is_text_like_any_other(filled: Shelf) -> None:
    assert filled.albums() == {": A": 1, ": B": 1, r": B\x00A": 2}
    for file in ("3.mp3", "4.mp3"):
        filled.world.put(file, f"another {file}".encode())
    filled.world.scan()
    assert filled.albums() == {": A": 1, ": B": 1, r": B\x00A": 2}
    filled.world.check_consistent()


@pytest.mark.parametrize("what", ["films", "photos", "playlists"])
def test_what_missing_files_are_is_not_known(filled: Shelf, what: str) -> None:
    listing = getattr(filled.access, what)
    with pytest.raises(UsageError, match="column 5: of files that are missing it is not known what they are"):
        listing("two missing:yes")
    assert listing("two -missing:yes").items == ()


@pytest.mark.parametrize("number", [-1, 0, 2**40, 2**63, 2**64])
def test_an_id_of_any_size_is_not_there(filled: Shelf, number: int) -> None:
    access, engine = filled.access, filled.world.engine
    calls: list[Callable[[int], object]] = [access.file, access.album, access.artist, access.seasons]
    calls.append(partial(get_scan, engine))
    for call in calls:
        with pytest.raises(NotFound, match=f"there is no .*{number}"):
            call(number)
    assert read_task(engine, number) is None
    assert access.metadata([number]) == {}


def test_metadata_of_many_files_is_read_in_parts(filled: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "KEYS_A_QUERY", 3)
    ids = [file.id for file in filled.access.files().items]
    found: list[dict[int, dict[str, MetadataValue]]] = []
    said = asked(filled.world.engine, lambda: found.append(filled.access.metadata([*ids, 999])))
    assert [sorted(one) for one in found] == [sorted(ids)]
    assert sum("file_metadata" in statement for statement, _ in said) == 2


@pytest.mark.parametrize("number", [2**31, 2**63, 2**70])
def test_a_search_may_ask_for_any_place(filled: Shelf, number: int) -> None:
    for query in ("two", "two sort:title", 'two genre:""', 'genre:""', "-absent"):
        assert len(library.search(filled.world.engine, None, query, limit=number).results) >= 3
        assert library.search(filled.world.engine, None, query, offset=number).results == ()


@pytest.mark.parametrize("sort", ["title", "year", "path", "episode", "size"])
def test_a_cursor_with_a_value_that_no_row_has_is_refused(filled: Shelf, sort: str) -> None:
    cursor = filled.access.files(f"sort:{sort}", limit=1).next or ""
    place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for at in range(len(place)):
        for value in (2**63, 2**64 - 1, True, None, "a\0b", [1], 1.5):
            forged = orjson.dumps([*place[:at], value, *place[at + 1 :]])
            with pytest.raises(UsageError, match="not of this listing"):
                filled.access.files(f"sort:{sort}", after=base64.urlsafe_b64encode(forged).decode().rstrip("="))


def test_a_cursor_of_another_order_is_refused(filled: Shelf) -> None:
    orders = ("year", "-year", "size", "duration", "track", "episode", "-id", "added -size")
    cursors = {order: filled.access.files(f"sort:{order.replace(' ', ' sort:')}", limit=1).next for order in orders}
    cursors["year, with missing files"] = filled.access.files("missing:* sort:year", limit=1).next
    for order, cursor in cursors.items():
        for other in orders:
            if other != order:
                with pytest.raises(UsageError, match="not of this listing"):
                    filled.access.files(f"sort:{other.replace(' ', ' sort:')}", after=cursor)
