"""The ways to use the database: ``reading`` and ``writing``, each one transaction, and ``looking`` once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from viewra.db.failures import translated, translation
from viewra.db.postgresql import READS
from viewra.db.sqlite import BUSY_TIMEOUT_MS, WRITES

_AT_END = "viewra_at_end"
"""Execution option of a writing connection: what is to be called after its transaction."""


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One read transaction: a consistent view. Raises ``DatabaseError``."""
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execution_options(**READS)
            with connection.begin():
                yield connection
    except sa.exc.DatabaseError as error:
        if (failure := translation(engine.url, error)) is None:
            raise
        raise failure from error


@contextmanager
def looking(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for one statement that reads, which is consistent by itself. Raises ``DatabaseError``.

    It spares PostgreSQL the beginning and the end of a transaction, each a turn to the server and back.
    """
    if engine.dialect.name != "postgresql":
        with reading(engine) as connection:
            yield connection
        return
    with translated(engine.url), engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One write transaction: committed at the end, rolled back on any exception. Raises ``DatabaseError``."""
    actions: list[Callable[[bool], object]] = []
    committed = False
    try:
        with _turn(engine), engine.connect() as connection:
            connection.execution_options(**{WRITES: True, _AT_END: actions})
            with connection.begin():
                yield connection
            committed = True
    except sa.exc.DatabaseError as error:
        if (failure := translation(engine.url, error)) is None:
            raise
        raise failure from error
    finally:
        for action in actions:
            action(committed)


@contextmanager
def _turn(engine: sa.Engine) -> Iterator[None]:
    """The turn of one writer of this process: SQLite's own wait for another is by pauses that become longer.

    Without the turn after that time, SQLite says who holds the lock.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    turn = _TURNS.setdefault(engine, threading.Lock())
    taken = turn.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        yield
    finally:
        if taken:
            turn.release()


_TURNS: WeakKeyDictionary[sa.Engine, threading.Lock] = WeakKeyDictionary()


def at_end(connection: sa.Connection, action: Callable[[bool], object]) -> None:
    """Have ``action`` called when a ``writing`` transaction is over, with whether it was committed."""
    connection.get_execution_options()[_AT_END].append(action)
