"""A migration that is written by comparing runs, and leaves nothing to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from viewra import drafts
from viewra.db import draft, open_database, writing
from viewra.db.manage import differences
from viewra.revisions import read_revisions


def test_it_has_what_the_tables_lack_and_runs(tmp_path: Path, database_url: str) -> None:
    url = database_url
    engine = open_database(url)
    assert differences(url) == []
    with writing(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE plugins ADD COLUMN extra TEXT")
        connection.exec_driver_sql("DROP TABLE plugin_settings")
    engine.dispose()
    assert len(differences(url)) == 2
    body = draft.missing(url)
    assert "plugin_settings" in body.upgrade
    assert "###" not in body.upgrade + body.downgrade
    file = drafts.write(tmp_path, "What is missing.", body)
    assert [one.message for one in read_revisions(tmp_path)] == ["What is missing"]
    compile(file.read_text(), str(file), "exec")

    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    engine = open_database(url)
    names: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    with writing(engine) as connection, Operations.context(MigrationContext.configure(connection)):
        names["upgrade"]()
    assert differences(url) == []
    with writing(engine) as connection, Operations.context(MigrationContext.configure(connection)):
        names["downgrade"]()
    assert len(differences(url)) == 2
    engine.dispose()


@pytest.mark.parametrize("message", ['"""', "back\\slash", "Grüße", "{braces}", "ends with a dot."])
def test_any_message_makes_a_module(tmp_path: Path, message: str) -> None:
    file = drafts.write(tmp_path, message, drafts.EMPTY)
    assert file.name.startswith("0001_")
    compile(file.read_text(), str(file), "exec")
    second = drafts.write(tmp_path, message, drafts.EMPTY)
    assert [one.file for one in read_revisions(tmp_path)] == [file, second]
