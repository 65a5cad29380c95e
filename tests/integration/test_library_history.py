"""The plugin ``library_history`` on both databases: as a host runs it, and its migrations with data in the tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from viewra_plugins.library_history.service import LibraryHistory
from viewra_plugins.library_history.service.tables import metadata

from viewra import Host
from viewra.host.installed.folders import shipped_directory
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.testing import check_database, in_process

QUERY = "SELECT what, path, field, before, after FROM what_changed ORDER BY at, field"


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]
    finally:
        engine.dispose()


@pytest.mark.shipped
@pytest.mark.process
def test_a_host_runs_it_and_it_remembers(database_url: str, tmp_path: Path) -> None:
    with Host(data_dir=tmp_path / "data", database_url=database_url) as host:
        plugin = host.plugins["library_history"]
        plugin.enable()
        hook = plugin.scanner_hook
        assert hook is not None
        hook.on_media_file_scanned(1, "/music/a.flac", {"title": "a"})
        hook.on_media_file_scanned(1, "/music/a.flac", {"title": "a"})
        plugin.restart()
        hook.on_media_file_scanned(1, "/music/b.flac", {"title": "b"})
        url = plugin._runner.own_database.url
        assert sa.make_url(url).get_backend_name() == sa.make_url(database_url).get_backend_name()
        now = "/music/b.flac"
        assert rows(url, QUERY) == [
            ("added", now, None, None, None),
            ("moved", now, "path", "/music/a.flac", now),
            ("retagged", now, "title", "a", "b"),
        ]


def test_it_passes_the_check_suite(database_url: str) -> None:
    with in_process(LibraryHistory()) as plugin:
        check_database(plugin.database, database_url)


def test_the_second_migration_moves_what_the_first_one_kept_and_back(database_url: str) -> None:
    folder = shipped_directory()
    assert folder is not None
    service = AlembicDatabaseService(metadata, folder / "library_history" / "migrations")
    service.migrate(database_url)
    service.rollback(database_url)
    old: list[dict[str, Any]] = [
        {"id": n, "before": json.dumps({"title": f"ü {n}"}), "after": json.dumps({"title": "b", "genre": "c"})}
        for n in range(1, 1203)
    ]
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO files VALUES (1, '/music/a', 0, '{}')")
        columns = "INSERT INTO changes (id, media_file_id, at, kind, before, after)"
        connection.execute(sa.text(f"{columns} VALUES (:id, 1, :id, 'retagged', :before, :after)"), old)
    service.migrate(database_url)
    assert rows(database_url, "SELECT count(*) FROM changed_fields") == [(2 * len(old),)]
    last = "SELECT field, before, after FROM what_changed WHERE at = 1202 ORDER BY field"
    assert rows(database_url, last) == [("genre", None, "c"), ("title", "ü 1202", "b")]
    engine.dispose()
    service.rollback(database_url)
    kept = rows(database_url, "SELECT before, after FROM changes ORDER BY id")
    assert [(json.loads(before), json.loads(after)) for before, after in kept] == [
        (json.loads(one["before"]), json.loads(one["after"])) for one in old
    ]
