"""Inconsistencies are found, reported and repaired."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.unit.library.conftest import World
from viewra import library
from viewra.db import writing
from viewra.errors import DatabaseError
from viewra.library import fsck, fulltext

OF_EITHER = {
    "a file that the search does not know": (
        "DELETE FROM media_search WHERE rowid = (SELECT min(id) FROM media_files)",
        ("index", "files that are not in the search index"),
    ),
    "a file that the search knows by old metadata": (
        "UPDATE catalogue SET title = 'old' WHERE media_file_id = (SELECT max(id) FROM media_files)",
        ("index", "files with old metadata in the search index"),
    ),
    "metadata that is no JSON": (
        "UPDATE file_metadata SET data = '{' WHERE media_file_id = (SELECT min(id) FROM media_files)",
        ("metadata", "metadata that cannot be read; once repaired, the next scan reads the files again"),
    ),
    "a job without its host": (
        "UPDATE scan_jobs SET status = 'running', owner = '999999999:999999999:5'",
        ("jobs", "scans whose host was killed: the next scan continues from there"),
    ),
}
DAMAGE_OF_SQLITE = {
    "zeroed pages": "UPDATE media_search_data SET block = zeroblob(length(block))",
    "no pages": "DELETE FROM media_search_data",
    "a text that is gone": "DELETE FROM media_search_content WHERE id = 1",
    "no table": "DROP TABLE media_search",
    "no table of pages": "DROP TABLE media_search_data",
    "no table of texts": "DROP TABLE media_search_content",
    "no table of its format": "DROP TABLE media_search_config",
    "no format": "DELETE FROM media_search_config",
}
DAMAGE_OF_POSTGRESQL = {
    "no table": "DROP TABLE media_search",
    "no column": "ALTER TABLE media_search DROP COLUMN document",
    "no index": "DROP INDEX ix_media_search_document",
}
OF_SQLITE = {
    "old words in the search index": (
        "UPDATE media_search SET title = 'old' WHERE rowid = (SELECT max(id) FROM media_files)",
        ("index", "files with old metadata in the search index"),
    ),
    "a folder without its library": (
        "UPDATE directories SET library_id = 77",
        ("directories", "folders of no library"),
    ),
    "a file without its folder": (
        "UPDATE media_files SET directory_id = 77 WHERE id = 2",
        ("files", "files of no folder or library"),
    ),
    "metadata without its file": (
        "INSERT INTO file_metadata(media_file_id, plugin_id, code_hash, status, read_at) VALUES (77, 'a', '', 'ok', 0)",
        ("metadata", "metadata of deleted files"),
    ),
    "an index row without its file": (
        "INSERT INTO media_search(rowid, title) VALUES (77, 'ghost')",
        ("index", "deleted files in the search index"),
    ),
}


@pytest.fixture
def filled(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(fsck, "PAGE", 2)
    world.hook.add_scraper()
    for number in range(5):
        world.put(f"{number % 2}/{number}.mp3")
    world.scan()
    assert library.verify(world.engine) == []
    return world


def driver(connection: sa.Connection) -> Any:
    """The connection of sqlite3 beneath, outside of any transaction."""
    return connection.connection.driver_connection


def harm(engine: sa.Engine, statement: str) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            driver(connection).execute("PRAGMA foreign_keys = OFF")
        connection.detach()
        with connection.begin():
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize(("statement", "expected"), OF_EITHER.values(), ids=OF_EITHER)
def test_it_is_found_and_repaired(filled: World, statement: str, expected: tuple[str, str]) -> None:
    check(filled, statement, expected)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)  # PostgreSQL lets nobody do that
@pytest.mark.parametrize(("statement", "expected"), OF_SQLITE.values(), ids=OF_SQLITE)
def test_what_nothing_refers_to_is_found_and_removed(filled: World, statement: str, expected: tuple[str, str]) -> None:
    check(filled, statement, expected)


def check(filled: World, statement: str, expected: tuple[str, str]) -> None:
    harm(filled.engine, statement)
    found = library.verify(filled.engine)
    assert expected in [(one.check, one.meaning) for one in found]
    assert all(one.count and not one.repaired for one in found)
    assert library.verify(filled.engine) == found, "looking changes nothing"
    repaired = library.verify(filled.engine, repair=True)
    assert expected in [(one.check, one.meaning) for one in repaired]
    assert all(one.repaired for one in repaired)
    assert library.verify(filled.engine) == []
    filled.scan()
    assert [library.search(filled.engine, None, f"title:{number}").total for number in range(5)] == [1] * 5
    filled.check_consistent()


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("statement", DAMAGE_OF_SQLITE.values(), ids=DAMAGE_OF_SQLITE)
def test_a_damaged_index_is_found_and_made_again(filled: World, statement: str) -> None:
    check_index(filled, statement)


@pytest.mark.parametrize("statement", DAMAGE_OF_POSTGRESQL.values(), ids=DAMAGE_OF_POSTGRESQL)
def test_a_damaged_index_is_found_and_made_again_in_postgresql(filled: World, statement: str) -> None:
    if filled.engine.dialect.name != "postgresql":
        pytest.skip("what is tested is PostgreSQL's")
    check_index(filled, statement)


def check_index(filled: World, statement: str) -> None:
    harm(filled.engine, statement)
    (found,) = library.verify(filled.engine)
    assert (found.check, found.count, found.repaired, found.harmless) == ("index", 1, False, False)
    assert found.meaning.startswith("a damaged or missing search index")
    (repaired,) = library.verify(filled.engine, repair=True)
    assert repaired.repaired
    assert library.verify(filled.engine) == []
    assert [library.search(filled.engine, None, f"title:{number}").total for number in range(5)] == [1] * 5
    filled.check_consistent()


def test_tables_that_are_gone_are_named(filled: World) -> None:
    harm(filled.engine, "DROP TABLE set_aside_events")
    harm(filled.engine, "DROP TABLE listener_cursors")
    (found,) = library.verify(filled.engine, repair=True)
    assert (found.check, found.count, found.repaired, found.harmless) == ("database", 2, False, False)
    assert found.meaning.startswith("tables that are gone (listener_cursors, set_aside_events): restore a backup")


@pytest.mark.parametrize("field", ["genre", "path"])
def test_words_that_are_not_shown_are_compared_too(filled: World, field: str) -> None:
    change = f"UPDATE media_search SET {field} = 'old' WHERE rowid = 1"
    if filled.engine.dialect.name == "postgresql":
        change = "UPDATE media_search SET document = 'old:1' WHERE rowid = 1"
    harm(filled.engine, change)
    assert [(one.meaning, one.count) for one in library.verify(filled.engine)] == [
        ("files with old metadata in the search index", 1)
    ]
    library.verify(filled.engine, repair=True)
    assert library.verify(filled.engine) == []


def test_an_index_that_is_gone_is_named_by_a_search(filled: World) -> None:
    harm(filled.engine, "DROP TABLE media_search")
    with pytest.raises(DatabaseError, match="damaged or missing search index") as raised:
        library.search(filled.engine, None, "title")
    assert raised.value.hint == "rebuild it: viewra fsck --repair"


ZEROED = {
    "all pages": DAMAGE_OF_SQLITE["zeroed pages"],
    "pages of words": "UPDATE media_search_data SET block = zeroblob(length(block)) WHERE id > 10",
    "the list of pages": "UPDATE media_search_data SET block = zeroblob(length(block)) WHERE id = 10",
    "no pages": DAMAGE_OF_SQLITE["no pages"],
    "no table of pages": DAMAGE_OF_SQLITE["no table of pages"],
    "no table of texts": DAMAGE_OF_SQLITE["no table of texts"],
    "no table of its format": DAMAGE_OF_SQLITE["no table of its format"],
    "no rows": "DELETE FROM media_search",
    "no texts": "DELETE FROM media_search_content",
}


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("statement", ZEROED.values(), ids=ZEROED)
def test_a_search_never_finds_nothing_in_a_damaged_index(filled: World, statement: str) -> None:
    assert library.search(filled.engine, None, "nobodyhasthis").total == 0
    harm(filled.engine, statement)
    for words in ("title:1", "nobodyhasthis"):
        if "content" in statement and words == "title:1":  # a search that finds files needs no texts
            assert library.search(filled.engine, None, words).total == 1
            continue
        with pytest.raises(DatabaseError, match="damaged or missing search index") as raised:
            library.search(filled.engine, None, words)
        assert raised.value.hint == "rebuild it: viewra fsck --repair"


def test_a_search_of_nothing_but_missing_files_is_no_damage(filled: World) -> None:
    for path in filled.folder.rglob("*.mp3"):
        path.unlink()
    filled.scan()
    assert library.search(filled.engine, None, "title").total == 0


def test_the_index_is_made_again_as_the_migrations_make_it(filled: World) -> None:
    def schema() -> object:
        if filled.engine.dialect.name == "sqlite":
            return filled.rows("SELECT name, sql FROM sqlite_master WHERE name LIKE 'media_search%' ORDER BY name")
        inspector = sa.inspect(filled.engine)
        return [
            [repr(column) for column in inspector.get_columns("media_search")],
            inspector.get_indexes("media_search"),
            inspector.get_foreign_keys("media_search"),
            inspector.get_pk_constraint("media_search"),
        ]

    before = schema()
    with writing(filled.engine) as connection:
        fulltext.make_again(connection)
    assert schema() == before


def test_a_missing_file_is_not_in_the_search(filled: World) -> None:
    harm(filled.engine, "UPDATE media_files SET missing_since = 1 WHERE id = (SELECT min(id) FROM media_files)")
    found = library.verify(filled.engine, repair=True)
    assert [(one.meaning, one.count) for one in found] == [
        ("deleted files in the search index", 1),
        ("files in the catalogue that are no more", 1),
    ]
    assert library.verify(filled.engine) == []
    assert len(filled.rows("SELECT rowid FROM media_search")) == 4


def test_a_scan_that_was_killed_is_no_fault(filled: World) -> None:
    harm(filled.engine, "UPDATE scan_jobs SET status = 'running', owner = '999999999:999999999:5'")
    (found,) = library.verify(filled.engine)
    assert (found.check, found.harmless) == ("jobs", True)


def test_many_of_a_kind_are_counted_and_repaired(filled: World) -> None:
    harm(filled.engine, "DELETE FROM media_search")
    assert [one.count for one in library.verify(filled.engine, repair=True)] == [5]
    assert library.verify(filled.engine) == []
    filled.check_consistent()


def test_what_comes_and_goes_by_itself_is_harmless(filled: World) -> None:
    filled.hook.add_listener()
    notifier = library.Notifier(filled.engine, filled.hook)
    notifier.open()
    notifier.close(0)
    filled.scan(full=True)
    (filled.folder / "1" / "1.mp3").unlink()
    (filled.folder / "1" / "3.mp3").unlink()
    filled.scan()
    assert library.purge_missing(filled.engine) == 2
    found = library.verify(filled.engine)
    assert {(one.check, one.count, one.harmless) for one in found} == {("events", 2, True), ("directories", 1, True)}
    library.verify(filled.engine, repair=True)
    assert library.verify(filled.engine) == []


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)  # PostgreSQL keeps watch over its files itself
def test_a_damaged_file_is_told(world: World) -> None:
    world.hook.add_scraper()
    for number in range(300):
        world.put(f"{number}.mp3")
    world.scan()
    with world.engine.connect() as connection:
        driver(connection).execute("PRAGMA writable_schema = ON")
        driver(connection).execute("DELETE FROM sqlite_master WHERE name = 'ix_media_files_inode'")
        driver(connection).execute("PRAGMA writable_schema = OFF")
        connection.detach()
    (damage, *_) = library.verify(world.engine, repair=True)
    assert (damage.check, damage.repaired) == ("database", False)
    assert damage.count > 0
