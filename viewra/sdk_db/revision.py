"""Writes a plugin's next migration from its tables; the plugin's interpreter runs it as a program.

``python -m viewra.sdk_db.revision ENTRY MESSAGE RESULT`` runs the entry point up to its call of ``serve`` and asks the
plugin's database service instead. Standard input has the URL of a database to compare with, or is empty; ``RESULT`` is
an open descriptor that gets the new file's path, or ``!`` and an error message.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from alembic.migration import MigrationContext

from viewra import drafts, sdk
from viewra.errors import MigrationError, ViewraError
from viewra.sdk_db.engine import open_for_migration
from viewra.sdk_db.service import AlembicDatabaseService
from viewra.services import SERVICES, Implementation, Services


class _Served(BaseException):
    """Carries the plugin that the entry point served. A BaseException, so that no ``except Exception`` catches it."""

    def __init__(self, plugin: Implementation) -> None:
        self.plugin = plugin


def draft(service: object, message: str, url: str = "") -> Path:
    """Write the migration from the newest revision to the tables of ``service``. Returns its file.

    ``url`` is the plugin's own database, at its newest revision; without one the migrations run on a temporary SQLite
    file. Raises MigrationError if there is nothing to write, or writing fails.
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
    return drafts.write(service.migrations_dir, message, body)


def _missing(service: AlembicDatabaseService, url: str) -> drafts.Body:
    engine = open_for_migration(url, begin="BEGIN")
    try:
        with engine.begin() as connection:
            options = {"render_as_batch": True, "target_metadata": service.metadata}
            context = MigrationContext.configure(connection, opts={**options, "version_table": service.version_table})
            return drafts.missing(context, service.metadata, lambda _kind, _item, _context: False)
    finally:
        engine.dispose()


def plugin_of(entry: Path) -> Implementation:
    """The plugin that an entry point serves. Raises its exceptions, and MigrationError if it serves none."""

    def caught(
        plugin: Implementation | None = None,
        *,
        versions: Mapping[int, Implementation] | None = None,
        services: Services = SERVICES,
    ) -> NoReturn:
        del services  # services other than the database do not matter here
        served = plugin if plugin is not None else versions[max(versions)] if versions else None
        if served is None:
            raise MigrationError("its entry point serves no plugin")
        raise _Served(served)

    sdk.serve = caught
    sys.modules["viewra.sdk.serve"].serve = caught  # type: ignore[attr-defined]
    main = ModuleType("__main__")
    main.__file__ = str(entry)
    sys.modules["__main__"] = main
    sys.argv[:] = [str(entry)]
    sys.path.insert(0, str(entry.parent))
    try:
        exec(compile(entry.read_bytes(), entry, "exec"), main.__dict__)  # noqa: S102 - running the plugin is the purpose
    except _Served as served:
        return served.plugin
    raise MigrationError("its entry point serves no plugin")


def _main(entry: str, message: str, result: str) -> None:
    url = sys.stdin.read()
    try:
        answer = str(draft(plugin_of(Path(entry)).database_service(), message, url))
    except ViewraError as error:
        answer = f"!{error}\0{error.hint or ''}"
    os.write(int(result), answer.encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    _main(*sys.argv[1:])
