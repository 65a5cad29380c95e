"""The host's migration is killed at random moments: the database is before it or after it, and whole."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from viewra.db import REVISION, open_database
from viewra.db.migrate import migrations_directory

pytestmark = pytest.mark.process

EVENTS = 100_000
KILLS = int(os.environ.get("VIEWRA_TEST_KILLS", "5"))
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
from viewra.db import migrate
from viewra.db.engine import open_unmigrated
migrate.migrations_directory = lambda: Path(sys.argv[2])
print("go", flush=True)
engine = open_unmigrated(sys.argv[1])
migrate.upgrade(engine, Path(sys.argv[3]), "slow")
engine.dispose()
"""


def query(path: Path, statement: str) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


@pytest.mark.timeout(60 + 10 * KILLS)
def test_killed_at_any_moment_it_loses_nothing(tmp_path: Path) -> None:
    original, path = tmp_path / "original.db", tmp_path / "used" / "viewra.db"
    migrations, backups = tmp_path / "migrations", tmp_path / "backups"
    path.parent.mkdir()
    shutil.copytree(migrations_directory(), migrations)
    (migrations / "versions" / "slow.py").write_text(SLOW)
    open_database(f"sqlite:///{original}").dispose()
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EVENTS})"
    columns = "scan_events (id, kind, scan_job_id, library_id, payload)"
    query(original, f"INSERT INTO {columns} {numbers} SELECT i, 'file', 1, 1, 'event ' || i FROM n")
    query(original, "PRAGMA wal_checkpoint(TRUNCATE)")
    argv = [sys.executable, "-c", MIGRATE, f"sqlite:///{path}", str(migrations), str(backups)]

    def migrate(*, afresh: bool, kill_after: float | None = None) -> float:
        if afresh:
            for old in path.parent.iterdir():
                old.unlink()
            shutil.copy(original, path)
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "go\n"
            began = time.monotonic()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(kill_after if kill_after is not None else 60)
            process.kill()
            took = time.monotonic() - began
        assert kill_after is not None or process.returncode == 0
        return took

    whole = migrate(afresh=True)
    chance = random.Random(6)
    for _ in range(KILLS):
        migrate(afresh=True, kill_after=chance.uniform(0, 0.95) * whole)
        assert query(path, "PRAGMA integrity_check") == [("ok",)]
        ((revision,),) = query(path, "SELECT version_num FROM alembic_version")
        end = {REVISION: "", "slow": "!"}[revision]
        wrong = f"SELECT count(*) FROM scan_events WHERE payload != 'event ' || id || '{end}'"
        assert query(path, f"SELECT ({wrong}), count(*) FROM scan_events") == [(0, EVENTS)]
        migrate(afresh=False)
        assert query(path, "SELECT count(*) FROM scan_events WHERE extra = 'event ' || id || '!'") == [(EVENTS,)]
        assert not list(backups.glob("*.part")), "half a copy is swept by the next one, or the migration was over"
        for copy in backups.glob("*.db"):
            assert query(copy, "SELECT count(*) FROM scan_events WHERE payload = 'event ' || id") == [(EVENTS,)]
