"""Opens the library of a data directory for look-ups alone: without plugins, a lock, or any import that these need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from viewra import library
from viewra.db.engine import open_database
from viewra.host.installed.data_dir import database_url_of, make_private
from viewra.library.unfinished import is_unfinished


@contextmanager
def looking(data_dir: Path, database_url: str | None = None) -> Iterator[sa.Engine]:
    """The host's database, open inside the block, beside any host that runs; ``database_url`` is as for ``Host``.

    Raises DatabaseError, MigrationError and UsageError as opening a host does.
    """
    make_private(data_dir)
    engine = open_database(database_url or database_url_of(data_dir), backups=data_dir / "backups" / "host")
    try:
        if is_unfinished(engine):
            library.catch_up(engine)
        yield engine
    finally:
        engine.dispose()
