"""Bulk inserts store rows unchanged on both databases, all of them or none; many keys find what each of them would."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from viewra.db import open_database, reading, writing
from viewra.db.bulk import insert_rows, select_in
from viewra.db.catalogue_tables import metadata_fields
from viewra.db.tables import directories, libraries

LIBRARY = {"id": 1, "path": b"/\xff", "path_text": "/?", "created_at": 0}


def directory(number: int) -> dict[str, object]:
    return {"library_id": 1, "path": b"/\xff/%d" % number, "last_seen_job": number}


def test_rows_are_stored_as_they_are(migrated_url: str) -> None:
    engine = open_database(migrated_url)
    with writing(engine) as connection:
        insert_rows(connection, libraries, [LIBRARY])
        insert_rows(connection, directories, [directory(number) for number in range(1000)])
        insert_rows(connection, directories, [])
        insert_rows(connection, directories, [dict(reversed(directory(1000).items()))])
    with reading(engine) as connection:
        stored = connection.execute(sa.select(directories).order_by(directories.c.last_seen_job)).mappings().all()
        assert [{name: row[name] for name in directory(0)} for row in stored] == [directory(n) for n in range(1001)]
    engine.dispose()


def test_a_row_that_is_refused_takes_all_along(migrated_url: str) -> None:
    engine = open_database(migrated_url)
    with pytest.raises(sa.exc.IntegrityError), writing(engine) as connection:
        insert_rows(connection, libraries, [LIBRARY, LIBRARY | {"id": 2}])
    with reading(engine) as connection:
        assert connection.execute(sa.select(libraries)).all() == []
    engine.dispose()


def test_keys_with_nul_are_compared_as_a_whole(sqlite_url: str) -> None:
    engine = open_database(sqlite_url)
    rows = [{"field": field} for field in ("a", "a\0b", "a\0c")]
    with writing(engine) as connection:
        insert_rows(connection, metadata_fields, rows)
        column = metadata_fields.c.field
        found = select_in(connection, ["a\0b", "x"], lambda some: sa.select(column).where(column.in_(some)))
        assert [row.field for row in found] == ["a\0b"]
    engine.dispose()
