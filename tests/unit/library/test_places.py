"""Listings in the order of paths are pages that an index gives, in each database, however long the paths are."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.unit.library.conftest import World
from viewra.db import reading
from viewra.db.tables import directories
from viewra.library import LibraryAccess
from viewra.library.listing.places import folder_order


def test_paths_that_differ_behind_their_beginning_are_in_order(world: World) -> None:
    deep = "/".join(["folder" * 30] * 6)
    paths = sorted(world.put(f"{deep}{end}/{name}.mp3") for end in "zab" for name in "21")
    world.scan()
    access, found, after = LibraryAccess(world.engine), list[str](), None
    while len(found) < len(paths):
        page = access.files(after=after, limit=1)
        found += [one.path for one in page.items]
        after = page.next
    assert (found, after) == ([*map(str, paths)], None)


def test_an_index_has_the_order(world: World) -> None:
    with reading(world.engine) as connection:
        is_postgresql = connection.dialect.name == "postgresql"
        if is_postgresql:  # of a few rows it would rather read all
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        listed = sa.select(directories.c.id).order_by(*folder_order(connection.dialect.name)).limit(10)
        text = str(listed.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = str(connection.exec_driver_sql(f"{'EXPLAIN' if is_postgresql else 'EXPLAIN QUERY PLAN'} {text}").all())
    assert ("ix_directories_beginning" if is_postgresql else "USING COVERING INDEX") in plan, plan


@pytest.mark.parametrize("query", ["sort:path", "sort:-path"])
def test_both_directions_are_pages(world: World, query: str) -> None:
    paths = sorted(str(world.put(f"{folder}/{name}.mp3")) for folder in "ba" for name in "21")
    world.scan()
    access = LibraryAccess(world.engine)
    first = access.files(query, limit=3)
    both = [*first.items, *access.files(query, after=first.next, limit=3).items]
    assert [one.path for one in both] == sorted(paths, reverse="-" in query)


def test_postgresql_knows_how_much_is_behind_a_place(world: World) -> None:
    if world.engine.dialect.name != "postgresql":
        pytest.skip("SQLite is told the order")
    for number in range(30):
        world.put(f"{number:02}/a.mp3")
    world.scan()
    with world.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, text: str, values: object, *_others: object) -> None:
        asked.append((text, values))

    access = LibraryAccess(world.engine)
    first = access.files(limit=24)
    sa.event.listen(world.engine, "before_cursor_execute", note)
    access.files(after=first.next, limit=1000)
    sa.event.remove(world.engine, "before_cursor_execute", note)
    text, values = asked[-1]
    with reading(world.engine) as connection:
        (found,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {text}", values).scalar_one()  # type: ignore[arg-type]
    assert found["Plan"]["Plan Rows"] in range(4, 9), found
