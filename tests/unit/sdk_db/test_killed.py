"""A killed migration of a plugin: the database is either unchanged or fully migrated, at any moment."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.killing import KILLS, kill_at_random_moments, run, was_killed
from tests.thorough import some
from tests.unit.sdk_db.conftest import fill, metadata, query
from viewra.sdk_db import AlembicDatabaseService

pytestmark = pytest.mark.process

SONGS = 20_000
MIGRATE = """
import sys
from alembic.operations import Operations
from tests.killing import arm, finish
from tests.unit.sdk_db.conftest import metadata
from viewra.sdk_db import AlembicDatabaseService, moves

migrations, url, point, delay_s = sys.argv[1:]

PLACES = {
    "locked": (AlembicDatabaseService, "_require_known"),
    "half": (Operations, "add_column"),
    "moved": (moves, "run"),
    "committed": (AlembicDatabaseService, "migrate"),
}
began = arm(point, delay_s, PLACES)
AlembicDatabaseService(metadata, migrations).migrate(url)
finish(began)
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
        return run(MIGRATE, self._migrations, self.url, point=point, delay_s=delay_s)

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
    ("point", "revision"), some([("half", "0001"), ("locked", "0001"), ("committed", "0003"), ("moved", "0001")], 2)
)
def test_killed_right_after_a_step(database: Database, point: str, revision: str) -> None:
    assert was_killed(database.run(point)), "it never came by this point"
    assert database.check() == revision


@pytest.mark.timeout(100 + 10 * KILLS)
def test_killed_at_random_moments(database: Database) -> None:
    kill_at_random_moments(6, database.run, prepare=database.back, check=database.check)
