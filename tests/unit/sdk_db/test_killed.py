"""A plugin's migration is killed: at named points and at random moments its database is before it or after it, whole.

``VIEWRA_TEST_KILLS`` is how many random moments are tried (5).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.sdk_db.conftest import fill, metadata, query
from viewra.sdk_db import AlembicDatabaseService

pytestmark = pytest.mark.process

SONGS = 20_000
KILLS = int(os.environ.get("VIEWRA_TEST_KILLS", "5"))
MIGRATE = """
import functools, os, signal, sys, threading, time
from alembic.operations import Operations
from tests.unit.sdk_db.conftest import metadata
from viewra.sdk_db import AlembicDatabaseService, moves

migrations, url, point, delay_s = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

PLACES = {
    "locked": (AlembicDatabaseService, "_require_known"),
    "half": (Operations, "add_column"),
    "moved": (moves, "run"),
    "committed": (AlembicDatabaseService, "migrate"),
}
if point == "random":
    threading.Timer(float(delay_s), die).start()
elif point:
    owner, name = PLACES[point]
    original = getattr(owner, name)

    @functools.wraps(original)
    def deadly(*arguments, **options):
        original(*arguments, **options)
        die()

    setattr(owner, name, deadly)
began = time.monotonic()
AlembicDatabaseService(metadata, migrations).migrate(url)
print(time.monotonic() - began)
os._exit(0)
"""


class Database:
    """A plugin's database at 0001, with songs in it, and what is done to it."""

    def __init__(self, url: str, migrations: Path) -> None:
        self.url, self._migrations = url, migrations
        self.service = AlembicDatabaseService(metadata, migrations)
        self.service.migrate(url)
        self.back()
        fill(url, SONGS)

    def back(self) -> None:
        while self.service.describe(self.url).current not in {"", "0001"}:
            self.service.rollback(self.url)

    def run(self, point: str, delay_s: float = 0) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-c", MIGRATE, str(self._migrations), self.url, point, str(delay_s)]
        root = Path(__file__).parents[3]
        return subprocess.run(argv, stdout=subprocess.PIPE, text=True, cwd=root, timeout=100, check=False)

    def check(self) -> str:
        """The revision right after the kill; and that the next migration completes it."""
        if self.url.startswith("sqlite"):
            assert query(self.url, "PRAGMA integrity_check") == [("ok",)]
        current = self.service.describe(self.url).current
        assert current in {"0001", "0003"}, "it is before all of it or after all of it"
        if current == "0001":
            named = "SELECT count(*) FROM songs WHERE artist = 'artist ' || (id % 100)"
            assert query(self.url, named) == [(SONGS,)]
        self.service.migrate(self.url)
        joined = (
            "SELECT count(*) FROM songs JOIN artists a ON a.id = artist_id AND name = 'artist ' || (songs.id % 100)"
        )
        assert query(self.url, joined) == [(SONGS,)]
        return current


@pytest.fixture
def database(database_url: str, migrations: Path) -> Database:
    return Database(database_url, migrations)


@pytest.mark.parametrize(
    ("point", "revision"), [("locked", "0001"), ("half", "0001"), ("moved", "0001"), ("committed", "0003")]
)
def test_killed_right_after_a_step(database: Database, point: str, revision: str) -> None:
    assert database.run(point).returncode == -signal.SIGKILL, "it never came by this point"
    assert database.check() == revision


@pytest.mark.timeout(100 + 10 * KILLS)
def test_killed_at_random_moments(database: Database) -> None:
    moments = random.Random(6)
    duration_s = float(database.run("").stdout)
    killed = 0
    for _ in range(KILLS):
        database.back()
        killed += database.run("random", moments.uniform(0, duration_s)).returncode == -signal.SIGKILL
        database.check()
    assert killed >= KILLS // 2, "most moments were after the end"
