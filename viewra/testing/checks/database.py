"""The check suite of database services."""

from __future__ import annotations

from viewra.services import DatabaseService
from viewra.testing.checks._common import offered


def check_database(service: DatabaseService | None, connection_string: str) -> None:
    """Check a database service on an empty database: migrate, migrate again, roll back, migrate."""
    database = offered(service, "database service")
    models = database.get_models()
    assert not isinstance(models, str), "get_models() must return a list, not a single text"
    assert len(set(models)) == len(models), f"get_models() names a table twice: {models}"
    database.migrate(connection_string)
    database.migrate(connection_string)
    database.rollback(connection_string)
    database.migrate(connection_string)
