"""Opening, migrating and refusing databases."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import alembic.config
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.forking import PIPE, server
from viewra.db import REVISION, current_revision, open_database, reading, sqlite, writing
from viewra.db.catalogue_tables import catalogue
from viewra.db.migrate import configuration, upgrade
from viewra.db.tables import libraries, metadata
from viewra.errors import DatabaseError, MigrationError, UsageError
from viewra.types import MAX_ID


def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "viewra.db"


@pytest.fixture
def engine(path: Path) -> Iterator[sa.Engine]:
    made = open_database(url(path))
    yield made
    made.dispose()


@pytest.fixture
def either(database_url: str) -> Iterator[sa.Engine]:
    """An engine of SQLite or PostgreSQL."""
    made = open_database(database_url)
    yield made
    made.dispose()


def tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()


def execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def test_the_newest_revision_is_the_one_beside_the_tables() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [REVISION]


def test_the_migrations_make_the_tables_that_the_code_knows(either: sa.Engine) -> None:
    def ours(item: object, name: str, kind: str, reflected: bool, other: object) -> bool:
        # PostgreSQL keeps paths unique by a constraint of another kind, and in order by an index of its own.
        of_its_own = name == "ix_directories_beginning" or (kind == "unique_constraint" and name.endswith("_path"))
        excluded = either.dialect.name == "postgresql" and of_its_own
        return not (kind == "table" and name.startswith("media_search")) and not excluded

    with reading(either) as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert catalogue.metadata is metadata
        assert compare_metadata(context, metadata) == []


def test_migrations_go_down_and_up_again(either: sa.Engine) -> None:
    config = configuration()
    with writing(either) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(sa.inspect(either).get_table_names()) == {"alembic_version"}
    upgrade(either)
    assert {"media_files", "media_search"} <= set(sa.inspect(either).get_table_names())


def test_opening_again_changes_nothing_and_needs_no_alembic(engine: sa.Engine, path: Path) -> None:
    code = f"""
import sys
from viewra.db import open_database
open_database({url(path)!r}).dispose()
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_compares_the_tables_knows_all_of_them() -> None:
    code = """
import importlib, pathlib, viewra.db.manage
from viewra.db.tables import metadata
known = {*metadata.tables}
for file in pathlib.Path(viewra.db.manage.__file__).parent.glob("*_tables.py"):
    importlib.import_module(f"viewra.db.{file.stem}")
assert known == {*metadata.tables}, metadata.tables.keys() - known
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_display_needs_no_sqlalchemy() -> None:
    code = "import sys, viewra.library; viewra.library.display('x'); assert 'sqlalchemy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_connections_are_set_up(engine: sa.Engine) -> None:
    with reading(engine) as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        ]
    assert values == ["wal", 1, 1, sqlite.BUSY_TIMEOUT_MS]


def test_what_raises_is_undone(either: sa.Engine) -> None:
    with contextlib.suppress(ZeroDivisionError), writing(either) as connection:
        connection.execute(sa.insert(libraries).values(path=b"/x", path_text="/x", created_at=0))
        raise ZeroDivisionError
    with reading(either) as connection:
        assert connection.execute(sa.select(libraries)).all() == []


def test_ids_end_where_the_wire_ends(either: sa.Engine) -> None:
    row = {"path": b"/x", "path_text": "/x", "created_at": 0}
    with writing(either) as connection:
        connection.execute(sa.insert(libraries).values(id=MAX_ID, **row))
    with pytest.raises(sa.exc.IntegrityError, match="id_fits_the_wire"), writing(either) as connection:
        connection.execute(sa.insert(libraries).values(id=MAX_ID + 1, **row | {"path": b"/y"}))


def test_a_path_is_there_once_however_long_it_is(either: sa.Engine) -> None:
    row = {"path": b"/" + os.urandom(4000), "path_text": "", "created_at": 0}
    with writing(either) as connection:
        connection.execute(sa.insert(libraries).values(**row))
    with pytest.raises(sa.exc.IntegrityError), writing(either) as connection:
        connection.execute(sa.insert(libraries).values(**row))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "not a database URL"),
        ("sqlite://", "must be a file"),
        ("mysql://x/y", "not in mysql"),
        ("postgresql://u:secret@host:port/x", "not a database URL: 'postgresql://…'"),
    ],
)
def test_urls_that_cannot_be_meant(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        open_database(text)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_a_newer_schema_is_refused_and_left_alone(engine: sa.Engine, path: Path) -> None:
    engine.dispose()
    execute(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(MigrationError, match="schema 9999") as caught:
        open_database(url(path))
    assert str(path) in str(caught.value)
    assert "upgrade viewra" in str(caught.value.hint)
    assert path.read_bytes() == before


def test_somebody_elses_database_is_refused_and_left_alone(path: Path) -> None:
    execute(path, "CREATE TABLE recipes (name)")
    with pytest.raises(DatabaseError, match="not viewra's"):
        open_database(url(path))
    assert tables(path) == {"recipes"}


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"hello, this is a text" * 100)
    with pytest.raises(DatabaseError, match="is not a SQLite database") as caught:
        open_database(url(path))
    assert str(path) in str(caught.value)
    assert caught.value.hint


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot be opened"):
        open_database(url(tmp_path / "nowhere" / "x.db"))


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot be opened"):
        open_database(url(tmp_path))


WITHOUT_PRIVILEGES = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
"""As root, modes are ignored; without these two capabilities they hold for root too."""


def write_without_privileges(path: Path) -> str:
    code = f"""
from viewra.db import open_database, set_enabled
from viewra.errors import DatabaseError
try:
    set_enabled(open_database({url(path)!r}), "tags", "/tags", True)
except DatabaseError as error:
    print(error, "|", error.hint)
"""
    prefix = tuple(WITHOUT_PRIVILEGES) if os.geteuid() == 0 else ()
    with server(prefix).start(["-c"], code=code, stdout=PIPE) as process:
        out, _ = process.communicate(timeout=60)
    assert process.wait() == 0
    return out


@pytest.mark.parametrize("which", ["file", "folder"])
def test_a_read_only_database(tmp_path: Path, which: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "viewra.db"
    open_database(url(path)).dispose()
    target = path if which == "file" else folder
    target.chmod(0o444 if which == "file" else 0o555)
    try:
        output = write_without_privileges(path)
    finally:
        folder.chmod(0o755)
    assert f"database {path}" in output
    assert "writable" in output


def test_a_full_disk(engine: sa.Engine) -> None:
    with reading(engine) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseError, match="disk is full"), writing(engine) as connection:
        connection.execute(sa.insert(libraries).values(path=b"x" * 100_000, path_text="", created_at=0))
    with reading(engine) as connection:
        assert connection.execute(sa.select(libraries)).all() == []


def test_a_database_that_another_process_holds(engine: sa.Engine, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 10)
    engine.dispose()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(DatabaseError, match="in use by another process"), writing(engine):
            pass
    finally:
        other.close()


def test_a_failed_migration_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(config: alembic.config.Config, revision: str) -> None:
        config.attributes["connection"].exec_driver_sql("CREATE TABLE half (a)")
        config.attributes["connection"].exec_driver_sql("CREATE TABLE half (a)")

    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(MigrationError, match="already exists"):
        open_database(url(path))
    assert tables(path) == set()
    monkeypatch.undo()
    open_database(url(path)).dispose()
    assert "media_files" in tables(path)


def test_hosts_that_start_at_once_migrate_once(database_url: str) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        try:
            open_database(database_url).dispose()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    engine = open_database(database_url)
    with reading(engine) as connection:
        assert current_revision(connection) == REVISION
    engine.dispose()
