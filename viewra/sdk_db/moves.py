"""Runs Alembic's upgrade or downgrade. Imported only for a migration."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command as commands
from alembic.config import Config

from viewra.revisions import versions_folder


def run(
    connection: sa.Connection, command: str, target: str, migrations: Path, metadata: sa.MetaData, version_table: str
) -> None:
    """Run ``upgrade`` or ``downgrade`` within the caller's transaction."""
    config = Config()
    config.set_main_option("path_separator", "newline")
    config.set_main_option("script_location", _plain(Path(__file__).parent / "environment"))
    config.set_main_option("version_locations", _plain(versions_folder(migrations)))
    config.attributes.update(connection=connection, metadata=metadata, version_table=version_table)
    (commands.upgrade if command == "upgrade" else commands.downgrade)(config, target)


def _plain(path: Path) -> str:
    return str(path.resolve()).replace("%", "%%")  # Alembic's configuration interprets %
