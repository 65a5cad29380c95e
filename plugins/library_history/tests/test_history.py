"""What it remembers, through the class, over gRPC and as a process; and its two migrations."""

import contextlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.library_history.service import LibraryHistory
from viewra_plugins.library_history.service.record import difference
from viewra_plugins.library_history.service.tables import metadata

from viewra.host import Host
from viewra.revisions import read_revisions
from viewra.sdk_db import AlembicDatabaseService
from viewra.testing import PluginUnderTest, check_database, check_scanner_hook, in_process, loopback, subprocess_plugin
from viewra.types import LibraryEvent, LibraryEventKind, PluginState

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def rows(path: Path | str, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(query).fetchall()


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.mark.parametrize("run", [in_process, loopback])
def test_it_passes_the_check_suites(run: Callable[..., AbstractContextManager[PluginUnderTest]]) -> None:
    with run(LibraryHistory()) as plugin:
        check_scanner_hook(plugin.scanner_hook, files=("/music/a.flac", "/music/b.flac"))
        check_database(plugin.database, plugin.context.database_url)


@pytest.mark.process
def test_it_passes_the_check_suites_as_a_process(plugin_dir: Path, tmp_path: Path) -> None:
    with subprocess_plugin(plugin_dir) as plugin:
        check_scanner_hook(plugin.scanner_hook)
        check_database(plugin.database, f"sqlite:///{tmp_path / 'other.db'}")
        assert plugin.database is not None
        assert set(plugin.database.get_models()) == {"files", "changes", "changed_fields"}
        state = plugin.database.describe()
        assert state is not None
        assert state.pending == ()


def test_added_moved_retagged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "viewra.plugin")
    with in_process(LibraryHistory()) as plugin:
        hook, database = plugin.scanner_hook, file_of(plugin.context.database_url)
        query = "SELECT what, path, field, before, after FROM what_changed ORDER BY at, field"
        assert hook is not None
        hook.on_scan_started(1, 1, "/music")
        hook.on_media_file_scanned(7, "/music/a.flac", {"title": "Für Elise", "date": "1810"})
        hook.on_media_file_scanned(7, "/music/a.flac", {"title": "Für Elise", "date": "1810"})
        assert rows(database, query) == [("added", "/music/a.flac", None, None, None)]
        hook.on_media_file_scanned(7, "/music/b\udcff.flac", {"title": "Elise", "genre": "x", "date": "1810"})
        hook.on_media_file_scanned(7, "/music/b\udcff.flac", {})
        hook.on_scan_completed(1, 1, {"status": "completed"})
        now = "/music/b\\xff.flac"
        assert rows(database, query)[1:] == [
            ("retagged", now, "genre", None, "x"),
            ("moved", now, "path", "/music/a.flac", now),
            ("retagged", now, "title", "Für Elise", "Elise"),
        ]
    (record,) = [one for one in caplog.records if one.message == "the library has changed"]
    assert vars(record)["fields"] == {"scan": 1, "added": 1, "moved": 1, "retagged": 1}


def test_tags_in_another_form_of_json_are_no_others() -> None:
    with in_process(LibraryHistory()) as plugin:
        hook, database = plugin.scanner_hook, file_of(plugin.context.database_url)
        assert hook is not None
        hook.on_media_file_scanned(7, "/music/a.flac", {"title": "Für Elise", "date": "1810"})
        rows(database, """UPDATE files SET tags = '{"title": "F\\u00fcr Elise", "date": "1810"}'""")
        hook.on_media_file_scanned(7, "/music/a.flac", {"title": "Für Elise", "date": "1810"})
        assert rows(database, "SELECT kind FROM changes") == []


@pytest.mark.parametrize("run", [in_process, loopback])
def test_missing_returned_moved_purged(run: Callable[..., AbstractContextManager[PluginUnderTest]]) -> None:
    def tell(kind: LibraryEventKind, path: str, old_path: str = "", file_id: int = 7) -> None:
        event = LibraryEvent(kind, 1, 1, file_id, path, old_path)
        for _ in range(2):  # told twice, it happens once
            assert plugin.scanner_hook is not None
            plugin.scanner_hook.on_library_events([event])

    with run(LibraryHistory()) as plugin:
        hook, database = plugin.scanner_hook, file_of(plugin.context.database_url)
        assert hook is not None
        hook.on_media_file_scanned(7, "/music/a.flac", {"title": "a"})
        tell(LibraryEventKind.RETURNED, "/music/a.flac")
        tell(LibraryEventKind.MISSING, "/music/a.flac")
        tell(LibraryEventKind.RETURNED, "/music/b\udcff.flac", "/music/a.flac")
        tell(LibraryEventKind.MOVED, "/music/c.flac", "/music/b\udcff.flac")
        hook.on_media_file_scanned(7, "/music/c.flac", {"title": "a"})
        tell(LibraryEventKind.MISSING, "/music/c.flac")
        tell(LibraryEventKind.PURGED, "/music/c.flac")
        tell(LibraryEventKind.MISSING, "/music/never heard of.flac", file_id=8)
        moved = "/music/b\\xff.flac"
        assert rows(
            database, "SELECT what, before, after FROM what_changed WHERE what <> 'added' ORDER BY at, what"
        ) == [
            ("missing", "/music/a.flac", None),
            ("moved", "/music/a.flac", moved),
            ("returned", None, moved),
            ("moved", moved, "/music/c.flac"),
            ("missing", "/music/c.flac", None),
            ("purged", "/music/c.flac", None),
        ]


@pytest.mark.process
def test_it_remembers_over_a_restart_of_the_process(plugin_dir: Path, viewra_host: Host) -> None:
    plugin = viewra_host.plugins["library_history"]
    assert plugin.state is PluginState.READY, "it is enabled by default"
    assert plugin.scanner_hook is not None
    plugin.scanner_hook.on_media_file_scanned(1, "/music/a.flac", {"title": "a"})
    plugin.restart()
    assert plugin.scanner_hook is not None
    plugin.scanner_hook.on_media_file_scanned(1, "/music/a.flac", {"title": "b"})
    database = viewra_host.data_dir / "plugins" / "library_history" / "data.db"
    assert rows(database, "SELECT field, before, after FROM changed_fields") == [("title", "a", "b")]


def test_the_second_migration_moves_what_the_first_one_kept(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    url = f"sqlite:///{path}"
    service = AlembicDatabaseService(metadata, MIGRATIONS)
    service.migrate(url)
    service.rollback(url)
    old = [
        (number, 1, number, "retagged", json.dumps({"title": f"ü {number}"}), json.dumps({"title": "b", "genre": "c"}))
        for number in range(1, 2503)
    ]
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO files VALUES (1, '/music/a', 0, '{}')")
        connection.executemany("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)", old)
    service.migrate(url)
    assert rows(path, "SELECT count(*) FROM changed_fields") == [(2 * len(old),)]
    assert rows(path, "SELECT * FROM what_changed WHERE at = 2502 ORDER BY field") == [
        (2502, "retagged", "/music/a", "genre", None, "c"),
        (2502, "retagged", "/music/a", "title", "ü 2502", "b"),
    ]
    service.rollback(url)
    back = rows(path, "SELECT id, media_file_id, at, kind, before, after FROM changes ORDER BY id")
    parsed = [(*row[:4], json.loads(row[4]), json.loads(row[5])) for row in back]
    assert parsed == [(*row[:4], json.loads(row[4]), json.loads(row[5])) for row in old]


def test_the_first_migration_only_adds_the_second_one_does_not() -> None:
    assert [one.additive for one in read_revisions(MIGRATIONS)] == [True, False]


def test_the_migrations_make_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    import sqlalchemy as sa
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    url = f"sqlite:///{tmp_path / 'data.db'}"
    AlembicDatabaseService(metadata, MIGRATIONS).migrate(url)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_difference() -> None:
    assert difference({"a": "1", "b": "2"}, {"b": "3", "c": "4"}) == {
        "a": ("1", None),
        "b": ("2", "3"),
        "c": (None, "4"),
    }
    assert difference({"a": "1"}, {"a": "1"}) == {}
