"""A killed migration of the host: the database is either unchanged or fully migrated, at any moment."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.killing import KILLS, kill_at_random_moments, run, was_killed
from tests.thorough import some
from viewra.db import REVISION, current_revision, open_database, reading, writing
from viewra.db.engine import open_unmigrated
from viewra.db.migrate import migrations_directory

pytestmark = pytest.mark.process

EVENTS = 20_000
SLOW = f'''
"""Changes a table, slowly."""
import sqlalchemy as sa
from alembic import op
revision = "slow"
down_revision = "{REVISION}"
def upgrade():
    op.execute("UPDATE scan_events SET payload = payload || '!'")
    with op.batch_alter_table("scan_events") as table:
        table.add_column(sa.Column("extra", sa.Text()))
    op.execute("UPDATE scan_events SET extra = payload")
def downgrade():
    pass
'''
MIGRATE = """
import sys
from pathlib import Path
from alembic import command
from alembic.operations import Operations
from viewra.db import backup, migrate
from viewra.db.engine import open_unmigrated
from tests.killing import arm, finish

url, migrations, backups, point, delay_s = sys.argv[1:]
migrate.migrations_directory = lambda: Path(migrations)

PLACES = {
    "locked": (migrate, "refuse_unknown"),
    "copied": (backup, "_copy"),
    "backed up": (migrate, "protect"),
    "half": (Operations, "execute"),
    "moved": (command, "upgrade"),
    "committed": (migrate, "upgrade"),
}
began = arm(point, delay_s, PLACES)
migrate.upgrade(open_unmigrated(url), Path(backups), "slow")
finish(began)
"""


class Database:
    """A host's database with events in it, and what is done to it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.backups = url, folder / "backups"
        self._migrations = folder / "migrations"
        shutil.copytree(migrations_directory(), self._migrations)
        (self._migrations / "versions" / "slow.py").write_text(SLOW)
        open_database(url).dispose()
        self.engine = open_unmigrated(url)
        self.fill()

    def fill(self) -> None:
        """Make it what it was before."""
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EVENTS})"
        columns = "scan_events (id, kind, scan_job_id, library_id, payload)"
        with writing(self.engine) as connection:
            if current_revision(connection) == "slow":
                connection.execute(sa.text("ALTER TABLE scan_events DROP COLUMN extra"))
                connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{REVISION}'"))
            connection.execute(sa.text("DELETE FROM scan_events"))
            connection.execute(sa.text(f"INSERT INTO {columns} {numbers} SELECT i, 'file', 1, 1, 'event ' || i FROM n"))

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]

    def run(self, point: str, delay_s: float = 0) -> subprocess.CompletedProcess[str]:
        return run(MIGRATE, self.url, self._migrations, self.backups, point=point, delay_s=delay_s)

    def check(self) -> str:
        """The revision right after the kill; and that the next migration completes it."""
        if self.engine.dialect.name == "sqlite":
            assert self.query("PRAGMA integrity_check") == [("ok",)]
        ((revision,),) = self.query("SELECT version_num FROM alembic_version")
        end = {REVISION: "", "slow": "!"}[revision]
        wrong = f"SELECT count(*) FROM scan_events WHERE payload != 'event ' || id || '{end}'"
        assert self.query(f"SELECT ({wrong}), count(*) FROM scan_events") == [(0, EVENTS)]
        assert self.run("").returncode == 0
        whole = "SELECT count(*) FROM scan_events WHERE extra = 'event ' || id || '!'"
        assert self.query(whole) == [(EVENTS,)]
        assert not list(self.backups.glob("*.part")), "half a copy is swept by the next one, or the migration was over"
        for copy in self.backups.glob("*.db"):
            with contextlib.closing(sqlite3.connect(copy)) as connection:
                kept = "SELECT count(*) FROM scan_events WHERE payload = 'event ' || id"
                assert connection.execute(kept).fetchall() == [(EVENTS,)]
        return str(revision)


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    made = Database(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("point", some(["locked", "copied", "backed up", "half", "moved", "committed"], 2))
def test_killed_right_after_a_step(database: Database, point: str) -> None:
    if point == "copied" and database.engine.dialect.name == "postgresql":
        pytest.skip("viewra makes no copy of PostgreSQL's")
    assert was_killed(database.run(point)), "it never came by this point"
    assert database.check() == ("slow" if point == "committed" else REVISION)


@pytest.mark.timeout(100 + 10 * KILLS)
def test_killed_at_random_moments(database: Database) -> None:
    kill_at_random_moments(6, database.run, prepare=database.fill, check=database.check)
