"""The two ways to use the database: ``reading`` and ``writing``, each one transaction with translated errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from viewra.db.failures import translation
from viewra.db.postgresql import READS
from viewra.db.sqlite import WRITES


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
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One write transaction: committed at the end, rolled back on any exception. Raises ``DatabaseError``."""
    try:
        with engine.connect() as connection:
            connection.execution_options(**{WRITES: True})
            with connection.begin():
                yield connection
    except sa.exc.DatabaseError as error:
        if (failure := translation(engine.url, error)) is None:
            raise
        raise failure from error
