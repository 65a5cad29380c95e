"""A plugin's migrations in one line: up, back, refused, failed, at once, killed."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.unit.sdk_db.conftest import WriteRevision, fill, metadata, query, tables
from viewra.errors import MigrationError
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.testing import check_database


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> str:
    """An empty database; a SQLite file is in a folder whose name means something to configuration files."""
    if not database_url.startswith("sqlite"):
        return database_url
    (tmp_path / "50% data").mkdir()
    return f"sqlite:///{tmp_path / '50% data' / 'data.db'}"


@pytest.fixture
def file(url: str) -> Path:
    """The file of a SQLite database, for what only those have."""
    if not url.startswith("sqlite"):
        pytest.skip("a matter of SQLite's")
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def service(migrations: Path) -> AlembicDatabaseService:
    return AlembicDatabaseService(metadata, migrations)


def at_first_with_songs(service: AlembicDatabaseService, url: str, songs: int = 3) -> None:
    """A database at 0001, with songs in it."""
    service.migrate(url)
    service.rollback(url)
    service.rollback(url)
    fill(url, songs)


def test_the_check_suite(service: AlembicDatabaseService, url: str) -> None:
    check_database(service, url)
    assert service.get_models() == ["artists", "songs"]


def test_alembic_does_not_log_its_own_parts(service: AlembicDatabaseService, url: str) -> None:
    service.migrate(url)
    assert logging.getLogger("alembic.runtime.plugins").getEffectiveLevel() == logging.WARNING
    assert logging.getLogger("alembic.runtime.migration").level == logging.NOTSET


def test_describe_says_where_it_stands_and_makes_nothing(service: AlembicDatabaseService, url: str) -> None:
    state = service.describe(url)
    assert (state.current, state.head) == ("", "0003")
    assert [one.additive for one in state.revisions] == [True, False, True]
    assert state.revisions[1].message == "Revision 0002"
    assert state.pending == state.revisions
    assert tables(url) == []
    service.migrate(url)
    assert service.describe(url).pending == ()
    service.rollback(url)
    pending = service.describe(url).pending
    assert pending is not None
    assert [one.id for one in pending] == ["0003"]


def test_data_moves_up_and_back(service: AlembicDatabaseService, url: str) -> None:
    at_first_with_songs(service, url)
    service.migrate(url)
    joined = "SELECT songs.id, name FROM songs JOIN artists ON artists.id = artist_id ORDER BY songs.id"
    assert query(url, joined) == [(i, f"artist {i}") for i in (1, 2, 3)]
    service.rollback(url)
    service.rollback(url)
    assert query(url, "SELECT id, artist FROM songs ORDER BY id") == [(i, f"artist {i}") for i in (1, 2, 3)]


def test_back_beyond_the_beginning(service: AlembicDatabaseService, url: str) -> None:
    with pytest.raises(MigrationError, match="no migration to roll back"):
        service.rollback(url)


def test_a_database_of_a_newer_plugin_is_refused_with_the_remedy(
    service: AlembicDatabaseService, migrations: Path, url: str
) -> None:
    service.migrate(url)
    (migrations / "0003.py").unlink()
    for move in (service.migrate, service.rollback):
        with pytest.raises(MigrationError, match=r"revision 0003, which this version .* newest is 0002.* install that"):
            move(url)
    assert query(url, "SELECT version_num FROM alembic_version") == [("0003",)]
    assert service.describe(url).pending is None


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ('    op.execute("DROP TABLE artists")\n    op.execute("DROP TABLE nowhere")', "nowhere"),
        ('    op.execute("DELETE FROM songs")\n    raise ValueError("not today")', "not today"),
    ],
)
def test_a_failed_migration_leaves_everything_as_it_was(
    service: AlembicDatabaseService, write_revision: WriteRevision, url: str, code: str, says: str
) -> None:
    at_first_with_songs(service, url)
    write_revision("0004", "0003", code)
    with pytest.raises(MigrationError, match=f"upgrade from 0001 to head failed: .*{says}"):
        service.migrate(url)
    assert service.describe(url).current == "0001"
    assert len(query(url, "SELECT id, artist FROM songs")) == 3
    assert "artists" not in tables(url)


def test_rows_that_refer_to_a_table_survive_its_change(
    service: AlembicDatabaseService, write_revision: WriteRevision, url: str
) -> None:
    code = (
        "    op.create_table('plays', sa.Column('song', sa.Integer(), sa.ForeignKey('songs.id', ondelete='CASCADE')))"
    )
    write_revision("0004", "0003", code)
    service.migrate(url)
    query(url, "INSERT INTO songs (id) VALUES (7)")
    query(url, "INSERT INTO plays VALUES (7)")
    alter = "    with op.batch_alter_table('songs') as songs:\n        songs.alter_column('length', type_=sa.Text())"
    write_revision("0005", "0004", alter)
    service.migrate(url)
    assert query(url, "SELECT * FROM plays") == [(7,)]


def test_tables_of_its_own_and_a_version_table_of_another_name(migrations: Path, url: str) -> None:
    AlembicDatabaseService(metadata, migrations, version_table="my_version").migrate(url)
    assert query(url, "SELECT version_num FROM my_version") == [("0003",)]


def test_alembics_own_layout(service: AlembicDatabaseService, migrations: Path, url: str) -> None:
    for file in [*migrations.glob("*.py")]:
        (migrations / "versions").mkdir(exist_ok=True)
        file.rename(migrations / "versions" / file.name)
    (migrations / "env.py").write_text("raise RuntimeError")
    service.migrate(url)
    assert service.describe(url).current == "0003"


def test_without_migrations(tmp_path: Path, url: str) -> None:
    with pytest.raises(MigrationError, match="cannot be read"):
        AlembicDatabaseService(metadata, tmp_path / "nowhere").migrate(url)
    with pytest.raises(MigrationError, match="no migrations"):
        AlembicDatabaseService(metadata, tmp_path).migrate(url)


def test_a_file_that_is_no_database(service: AlembicDatabaseService, url: str, file: Path) -> None:
    file.write_bytes(b"hello" * 1000)
    with pytest.raises(MigrationError, match="file is not a database"):
        service.migrate(url)


def test_several_at_once_migrate_once(service: AlembicDatabaseService, url: str) -> None:
    at_first_with_songs(service, url)
    errors: list[BaseException] = []

    def migrate() -> None:
        try:
            service.migrate(url)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert query(url, "SELECT count(*) FROM artists") == [(3,)]


def test_looking_at_a_file_makes_none(service: AlembicDatabaseService, url: str, file: Path) -> None:
    assert service.describe(url).current == ""
    assert not file.exists()


def test_the_engine_keeps_foreign_keys_and_whole_transactions(url: str, file: Path) -> None:
    engine = open_engine(url)
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            connection.exec_driver_sql("CREATE TABLE half (id)")
            transaction.rollback()
        with engine.connect() as connection:
            assert not sa.inspect(connection).get_table_names()
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    finally:
        engine.dispose()


def test_without_the_driver_for_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MigrationError, match=r"pip install 'psycopg\[binary\]'"):
        open_engine("postgresql://login:password@host/database")
