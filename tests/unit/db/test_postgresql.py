"""Behaviour specific to PostgreSQL: connecting, error messages, and locks."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from tests.conftest import POSTGRESQL
from tests.eventually import eventually
from viewra.db import alive, database_name, open_database, postgresql, reading, writing
from viewra.db.tables import libraries, scan_jobs
from viewra.db.transactions import looking
from viewra.errors import DatabaseError, MigrationError, UsageError

if POSTGRESQL is None:
    pytest.skip(
        "VIEWRA_TEST_POSTGRESQL names no PostgreSQL: the data layer is tested with SQLite alone (see .ci/postgresql)",
        allow_module_level=True,
    )

DEADLINE_S = 20.0


@pytest.fixture
def url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    made = open_database(url)
    yield made
    made.dispose()


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ({"password": "wrong-secret"}, "refuses this user or password", "pg_hba.conf"),
        ({"username": "nobody_here", "password": "wrong-secret"}, "refuses this user or password", "pg_hba.conf"),
        ({"database": "no_such_database"}, "does not exist", "createdb"),
        ({"port": 1}, "cannot be reached", "host and port"),
        ({"host": "no-such-host.invalid"}, "cannot be reached", "host and port"),
    ],
)
def test_what_keeps_one_out_is_one_line_without_the_password(change: dict[str, Any], message: str, hint: str) -> None:
    given = sa.make_url(POSTGRESQL or "").set(**change)
    with pytest.raises(DatabaseError, match=message) as caught:
        open_database(given.render_as_string(hide_password=False))
    assert "\n" not in str(caught.value)
    assert hint in str(caught.value.hint)
    assert str(given.password) not in str(caught.value).replace("viewra_test", "", 2)
    assert "wrong-secret" not in "".join(traceback.format_exception(caught.value))


def test_without_the_right_to_make_tables() -> None:
    given = sa.make_url(POSTGRESQL or "").set(database="postgres").render_as_string(hide_password=False)
    with pytest.raises(DatabaseError, match="may not be used by this user") as caught:
        open_database(given)
    assert "\n" not in str(caught.value)
    assert "(permission denied for schema public)" in str(caught.value)
    assert caught.value.hint == "as its owner: GRANT ALL ON SCHEMA public TO viewra_test"


def test_without_a_schema() -> None:
    with pytest.raises(DatabaseError, match="has no schema for its tables") as caught:
        open_database(f"{POSTGRESQL}?options=-csearch_path%3Dnowhere")
    assert "\n" not in str(caught.value)
    assert "CREATE SCHEMA" in str(caught.value.hint)


def test_a_name_without_password_and_options() -> None:
    given = sa.make_url("postgresql+psycopg://me:secret@host/db?password=secret&sslmode=require")
    assert database_name(given) == "postgresql://me:***@host/db"


def test_without_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match="driver") as caught:
        open_database("postgresql://host/db")
    assert "psycopg[binary]" in str(caught.value.hint)


def test_somebody_elses_database_is_refused_and_left_alone(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE recipes (name text)")
    with pytest.raises(DatabaseError, match="not viewra's"):
        open_database(url)


def test_a_newer_schema_is_refused(engine: sa.Engine, url: str) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(MigrationError, match="schema 9999"):
        open_database(url)


def test_readers_see_one_moment_and_cannot_write(engine: sa.Engine) -> None:
    row = {"path": b"/x", "path_text": "/x", "created_at": 0}
    with reading(engine) as reader:
        assert reader.execute(sa.select(libraries)).all() == []
        with writing(engine) as writer:
            writer.execute(sa.insert(libraries).values(**row))
        assert reader.execute(sa.select(libraries)).all() == []
    with reading(engine) as connection, pytest.raises(sa.exc.SQLAlchemyError, match="read-only"):
        connection.execute(sa.insert(libraries).values(**row))


def test_one_writes_at_a_time(engine: sa.Engine) -> None:
    first_writes, second_is_in = threading.Event(), threading.Event()

    def second() -> None:
        first_writes.wait(DEADLINE_S)
        with writing(engine):
            second_is_in.set()

    thread = threading.Thread(target=second)
    thread.start()
    with writing(engine):
        first_writes.set()
        assert not second_is_in.wait(0.2)
    assert second_is_in.wait(DEADLINE_S)
    thread.join(DEADLINE_S)


def test_a_writer_that_never_ends_is_not_waited_for_forever(engine: sa.Engine, url: str) -> None:
    impatient = open_database(url + "%20-clock_timeout%3D100ms")
    try:
        with writing(engine), pytest.raises(DatabaseError, match="in use by another process"), writing(impatient):
            pass
    finally:
        impatient.dispose()


@pytest.mark.parametrize("library_id", [1, 2**31, 2**32 - 1])
def test_the_lock_of_a_library_ends_with_its_holder(engine: sa.Engine, library_id: int) -> None:
    def is_scanned() -> bool:
        with reading(engine) as connection:
            return postgresql.is_scanned(connection, library_id)

    assert not is_scanned()
    holder = postgresql.take_scan_lock(engine, library_id)
    assert holder is not None
    try:
        assert is_scanned()
        assert postgresql.take_scan_lock(engine, library_id) is None
        other = postgresql.take_scan_lock(engine, library_id - 1)
        assert other is not None
        postgresql.release_scan_lock(other)
    finally:
        postgresql.release_scan_lock(holder)
    assert not is_scanned()


def test_a_connection_that_was_lost_is_one_line(engine: sa.Engine) -> None:
    def lose() -> None:
        with reading(engine) as connection:
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with engine.connect() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
            connection.execute(sa.select(scan_jobs))

    with pytest.raises(DatabaseError, match=r"was shut down|not reachable"):
        lose()
    with reading(engine) as connection:
        assert connection.execute(sa.select(scan_jobs)).all() == []


@pytest.mark.parametrize("unused_s", [alive.UNUSED_S, 0.0])
def test_a_connection_that_was_lost_in_the_pool_is_replaced(
    engine: sa.Engine, url: str, monkeypatch: pytest.MonkeyPatch, unused_s: float
) -> None:
    monkeypatch.setattr(alive, "UNUSED_S", unused_s)

    def pid() -> int:
        with reading(engine) as connection:
            return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())

    lost = pid()
    assert pid() == lost
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [lost])
        there = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        eventually(lambda: other.execute(there, [lost]).fetchone() == (0,), "it has ended")
    assert pid() != lost


def test_the_same_rows_come_first_each_time(engine: sa.Engine) -> None:
    with looking(engine) as connection:
        told = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in postgresql.PLANNING}
    assert told == {"jit": "off", "max_parallel_workers_per_gather": "0", "synchronize_seqscans": "off"}


def test_looking_is_no_transaction(engine: sa.Engine) -> None:
    with looking(engine) as connection:
        texts = [connection.exec_driver_sql("SELECT txid_current()").scalar_one() for _ in range(2)]
    assert texts[0] != texts[1]
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "repeatable read"
