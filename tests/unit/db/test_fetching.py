"""Rows as the driver has them: what fails while they are read is an error of SQLAlchemy's, as for its own rows."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from viewra.db.fetching import fetch


def test_a_page_that_is_damaged_behind_the_first_rows(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(sa.insert(table), [{"text": "x" * 1000}] * 200)
    engine.dispose()
    with (tmp_path / "a.db").open("r+b") as file:
        file.seek(100_000)
        file.write(b"\xff" * 50_000)
    statement = sa.select(table).where(table.c.id > sa.bindparam("above")).order_by(table.c.id)
    try:
        with engine.connect() as connection:
            assert fetch(connection, statement.limit(2), {"above": 1}) == [(2, "x" * 1000), (3, "x" * 1000)]
            with pytest.raises(sa.exc.DatabaseError, match="malformed"):
                fetch(connection, statement, {"above": 0})
    finally:
        engine.dispose()
