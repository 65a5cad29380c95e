"""Writes a plugin's next migration from its tables; the plugin's interpreter runs it as a program.

``python -m viewra.sdk_db.revision ENTRY RESULT`` runs the entry point up to its call of ``serve`` and asks the plugin's
database service instead. The variable VIEWRA_DRAFT_DATABASE has the URL of a database to compare with, or is empty.
The file ``RESULT`` gets a JSON object: ``folder``, ``upgrade`` and ``downgrade`` of the migration, which the host
writes, or ``error`` and ``hint``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from alembic.migration import MigrationContext

from viewra import drafts
from viewra.errors import MigrationError, ViewraError
from viewra.sdk.entry import plugin_of
from viewra.sdk_db.engine import open_for_migration
from viewra.sdk_db.service import AlembicDatabaseService

DATABASE = "VIEWRA_DRAFT_DATABASE"


def draft(service: object, message: str, url: str = "") -> Path:
    """Write the next migration. Returns its file. Raises MigrationError as ``drafted``, or if writing fails."""
    folder, body = drafted(service, url)
    return drafts.write(folder, message, body)


def drafted(service: object, url: str = "") -> tuple[Path, drafts.Body]:
    """The folder and the body of the migration from the newest revision to the tables of ``service``.

    ``url`` is the plugin's own database, at its newest revision; without one the migrations run on a temporary SQLite
    file. Raises MigrationError if there is nothing to write.
    """
    if not isinstance(service, AlembicDatabaseService):
        raise MigrationError(
            f"its database service is {type(service).__name__}, not viewra.sdk_db.AlembicDatabaseService",
            hint="leave --autogenerate out and write upgrade() and downgrade() yourself",
        )
    with tempfile.TemporaryDirectory(prefix="viewra-") as folder:
        there = url or f"sqlite:///{folder}/data.db"
        if not url and drafts.has_revisions(service.migrations_dir):
            service.migrate(there)
        pending = service.describe(there).pending if url else ()
        if pending != ():
            raise MigrationError(
                "its database is not at its newest revision", hint="run first: viewra db upgrade --plugin ID"
            )
        body = _missing(service, there)
    if body.upgrade == "pass":
        raise MigrationError("its migrations already create the tables of its code: there is nothing to write")
    return service.migrations_dir, body


def _missing(service: AlembicDatabaseService, url: str) -> drafts.Body:
    engine = open_for_migration(url, begin="BEGIN")
    try:
        with engine.begin() as connection:
            options = {"render_as_batch": True, "target_metadata": service.metadata}
            context = MigrationContext.configure(connection, opts={**options, "version_table": service.version_table})
            return drafts.missing(context, service.metadata, lambda _kind, _item, _context: False)
    finally:
        engine.dispose()


def _main(entry: str, result: str) -> None:
    url = os.environ.pop(DATABASE, "")
    try:
        folder, body = drafted(plugin_of(Path(entry)).database_service(), url)
        answer = {"folder": str(folder), "upgrade": body.upgrade, "downgrade": body.downgrade}
    except ViewraError as error:
        answer = {"error": str(error), "hint": error.hint or ""}
    Path(result).write_text(json.dumps(answer), "ascii")


if __name__ == "__main__":
    _main(*sys.argv[1:])
