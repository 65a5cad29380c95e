"""Pages of a query that many files match: SQLite walks the order of the pages instead of sorting all matches."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa

from tests.unit.library.conftest import Shelf
from viewra.db.transactions import reading
from viewra.library.listing import places
from viewra.library.query.parser import parse
from viewra.library.query.plan import Plan, plan

QUERIES = ("", "love", "kind:audio", "year:1990..1999", "artist:a love", "-title:3", "missing:yes", "kind:audio -love")
ORDERS = ("", " sort:title", " sort:-added", " sort:year", " sort:-artist")


@pytest.fixture
def filled(shelf: Shelf) -> Shelf:
    for number in range(12):
        title = f"love {number}" if number % 3 else f"hate {number}"
        shelf.put(f"{number % 4}/{number}.mp3", title=title, artist="ab"[number % 2], date=str(1985 + number))
    shelf.world.scan()
    (shelf.world.folder / "1" / "5.mp3").unlink()
    shelf.world.scan()
    return shelf


@pytest.mark.parametrize("order", ORDERS)
def test_they_are_the_same_whether_they_count_as_few_or_many(
    filled: Shelf, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    def pages(query: str) -> list[int]:
        found, after = list[int](), None
        while True:
            page = filled.access.files(query + order, after=after, limit=4)
            found += [one.id for one in page.items]
            if (after := page.next) is None:
                return found

    few = {query: pages(query) for query in QUERIES}
    monkeypatch.setattr(places, "FEW", 0)
    assert {query: pages(query) for query in QUERIES} == few
    assert len(few[""]) == 11
    assert len(few["missing:yes"]) == 1


def test_many_are_not_sorted_for_each_page(filled: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    if filled.world.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by itself")
    monkeypatch.setattr(places, "FEW", 0)
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, text: str, values: tuple[object, ...], *_others: object) -> None:
        asked.append((text, values))

    sa.event.listen(filled.world.engine, "before_cursor_execute", note)
    filled.access.files("love kind:audio sort:title", limit=4)
    sa.event.remove(filled.world.engine, "before_cursor_execute", note)
    text, values = asked[-1]
    connection = sqlite3.connect(str(filled.world.engine.url.database))
    plan = str(connection.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall())
    connection.close()
    assert "ix_catalogue_sort_title" in plan
    assert "FOR ORDER BY" not in plan, plan


def test_a_scan_that_changes_something_leaves_figures_for_the_planner(filled: Shelf) -> None:
    if filled.world.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL looks by itself")
    assert filled.world.rows("SELECT stat FROM sqlite_stat1 WHERE tbl = 'catalogue'")
    with filled.world.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    filled.world.scan()
    assert filled.world.rows("SELECT stat FROM sqlite_stat1") == [], "nothing has changed"


def test_a_query_is_planned_once_unless_it_depends_on_the_time(filled: Shelf) -> None:
    def planned(query: str) -> Plan:
        with reading(filled.world.engine) as connection:
            return plan(connection, parse(query))

    assert planned("kind:audio love") is planned("kind:audio  love")
    assert planned("kind:audio love") is not planned("kind:audio hate")
    assert planned("added:<7d") is not planned("added:<7d")
