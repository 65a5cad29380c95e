"""Rows in the order of their files' paths: folders as an index has them, and the few of a kind among many files."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from viewra.db.tables import Bytes, directories
from viewra.library.listing.counting import count_up_to

_BEGINS_WITH = 1000
# As the index of migration 0019 has it, whose numbers the server must see to use it.
_BEGINNING = sa.func.substring(
    directories.c.path, sa.literal_column("1"), sa.literal_column(str(_BEGINS_WITH)), type_=Bytes()
)
BY_FOLDER: sa.ColumnElement[Any] = sa.func.likelihood(
    directories.c.path >= sa.literal_column("x''"), sa.literal_column("0.001")
)
"""What is true of all folders, and has SQLite read them by the index of their paths instead of sorting all files."""

FEW = 5_000
"""So many rows are sorted for each page. Among more, the next ones are soon found in the order of paths."""


def are_few(connection: sa.Connection, rows: sa.Select[*tuple[Any, ...]]) -> bool:
    """Whether a statement finds at most ``FEW`` rows."""
    return count_up_to(connection, rows, FEW) <= FEW


def folder_order(database: str) -> tuple[sa.ColumnElement[Any], ...]:
    """Return what rows are sorted by to have their folders in the order of their paths.

    ``database`` is the name of the dialect: PostgreSQL's indexes cannot hold whole paths, so the beginning comes first.
    """
    if database == "postgresql":
        return (_BEGINNING, directories.c.path)
    return (directories.c.path,)


def folder_place(database: str, folder: bytes) -> tuple[bytes, ...]:
    """Return the values of ``folder_order`` for the path of a folder."""
    return (folder[:_BEGINS_WITH], folder) if database == "postgresql" else (folder,)
