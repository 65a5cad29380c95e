"""A reload that fails after a migration: the database is again what it was, and the old code serves."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from viewra.errors import PluginFault, PluginUnavailable
from viewra.host.database.databases import PluginDatabases
from viewra.host.database.own import OwnDatabase
from viewra.manifest import Restart
from viewra.types import SchemaRevision, SchemaState

from .conftest import Make, World
from .fake_process import Behaviour, FakeDatabase

TABLES = ("plugin.SearchService", "plugin.DatabaseService", "viewra.v1.SchemaService")
WITHOUT_SCHEMA = TABLES[:2]
REVISIONS = tuple(map(SchemaRevision, "1234"))


def behaviour(database: FakeDatabase, known: int, services: tuple[str, ...] = TABLES, **fails: object) -> Behaviour:
    """Of code that knows so many revisions."""
    state = SchemaState("", REVISIONS[:known]) if services == TABLES else None
    return Behaviour(fails=dict(fails), services=services, state=state, database=database)  # type: ignore[arg-type]


def started(make: Make, first: Behaviour) -> World:
    world = make(capabilities=("search_service", "database_service"), restart=Restart(max=1000))
    world.launcher.behaviour = first
    world.call()
    return world


@pytest.fixture
def in_postgresql(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The plugin's database is no file that the host could copy."""
    monkeypatch.setattr(PluginDatabases, "url", lambda *_: "postgresql://host/plugin")
    caplog.set_level(logging.CRITICAL, "viewra.host")  # it is migrated without a backup


@pytest.mark.usefixtures("in_postgresql")
@pytest.mark.parametrize(("known", "rollbacks"), [(2, 1), (4, 3)])
def test_in_postgresql_the_new_code_rolls_back_what_it_migrated(make: Make, known: int, rollbacks: int) -> None:
    database = FakeDatabase("")
    world = started(make, behaviour(database, 1))
    old = behaviour(database, 1)
    world.launcher.next = [behaviour(database, known)] + [behaviour(database, known, start="die")] * 2 + [old]
    world.change("new tables")
    with pytest.raises(PluginUnavailable, match="serves on"):
        world.supervisor.reload()
    _, proven, failed, undoing, again = world.launcher.processes
    assert [one.calls.count("migrate") for one in (proven, failed, undoing)] == [0, 1, 0]
    assert undoing.calls == ["info", "describe", *["rollback"] * rollbacks, "stop"]
    assert undoing.ended
    assert (database.current, world.running) == ("1", [again])


@pytest.mark.usefixtures("in_postgresql")
def test_in_postgresql_a_start_that_fails_before_it_migrates_rolls_nothing_back(make: Make) -> None:
    database = FakeDatabase("")
    world = started(make, behaviour(database, 1))
    failing = behaviour(database, 2, migrate=PluginFault("p", "no", call="migrate"))
    world.launcher.next = [behaviour(database, 2), failing, behaviour(database, 2), behaviour(database, 1)]
    world.change("new tables")
    with pytest.raises(PluginUnavailable, match="serves on"):
        world.supervisor.reload()
    assert [one.calls.count("rollback") for one in world.launcher.processes] == [0] * 5
    assert (database.current, world.state) == ("1", "running")


@pytest.mark.usefixtures("in_postgresql")
@pytest.mark.parametrize(("first", "then"), [(WITHOUT_SCHEMA, TABLES), (WITHOUT_SCHEMA, WITHOUT_SCHEMA)])
def test_nothing_is_rolled_back_to_a_revision_that_nobody_knows(
    make: Make, first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    database = FakeDatabase("1")
    world = started(make, behaviour(database, 1, first))
    world.launcher.behaviour = behaviour(database, 2, then, start="die")
    world.change("new tables")
    with pytest.raises(PluginUnavailable):
        world.supervisor.reload()
    assert {one.calls.count("rollback") for one in world.launcher.processes} == {0}


@pytest.mark.usefixtures("in_postgresql")
def test_what_cannot_be_rolled_back_is_told_and_leaves_no_process(make: Make) -> None:
    database = FakeDatabase("")
    world = started(make, behaviour(database, 1))
    stuck = behaviour(database, 3, rollback=PluginFault("p", "there is no way back", call="rollback"))
    world.launcher.next = [behaviour(database, 3), behaviour(database, 3, start="die"), stuck]
    world.change("new tables")
    with pytest.raises(PluginUnavailable, match=r"1\.0\.0 cannot serve again: .*there is no way back"):
        world.supervisor.reload()
    assert (world.state, world.running, database.current) == ("crashed", [], "3")


@pytest.fixture
def file(make: Make) -> Callable[[World], Path]:
    """A function that makes the plugin's SQLite database, with one row."""

    def made(world: World) -> Path:
        path = Path(world.supervisor.configuration.database_url.partition(":///")[2])
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, "before")
        return path

    return made


def write(path: Path, text: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word TEXT)")
        connection.execute("INSERT INTO words VALUES (?)", [text])


def words(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM words")]


def test_a_file_is_put_back_as_it_was(make: Make, file: Callable[[World], Path]) -> None:
    database = FakeDatabase("")
    world = started(make, behaviour(database, 1))
    path = file(world)
    database.migrated = lambda revision: write(path, revision)
    migrated_by = world.supervisor.own_database.migrated_by
    world.launcher.next = [behaviour(database, 2), behaviour(database, 2, start="die"), behaviour(database, 2)]
    world.change("new tables")
    with pytest.raises(PluginUnavailable, match="serves on"):
        world.supervisor.reload()
    assert database.current == "2", "the file alone is put back, which this database is not"
    assert (words(path), world.supervisor.own_database.migrated_by) == (["before"], migrated_by)
    assert any("before-1.0.0" in copy.name for copy in world.supervisor.installation.backups.iterdir())


def test_without_a_copy_of_its_file_the_new_code_is_not_started(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    database = FakeDatabase("")
    world = started(make, behaviour(database, 1))

    def full(_own: OwnDatabase, _label: str) -> Path:
        raise OSError("the disk is full")

    monkeypatch.setattr(OwnDatabase, "copy", full)
    world.launcher.next = [behaviour(database, 2), behaviour(database, 1)]
    world.change("new tables")
    with pytest.raises(PluginUnavailable, match="was not started: its database is not copied: the disk is full"):
        world.supervisor.reload()
    assert (database.current, world.state, len(world.launcher.processes)) == ("1", "running", 3)


@pytest.mark.usefixtures("in_postgresql")
@pytest.mark.parametrize("services", [WITHOUT_SCHEMA, TABLES])
def test_what_is_not_said_of_a_database_is_not_rolled_back(make: Make, services: tuple[str, ...]) -> None:
    silent = Behaviour(services=services)
    world = started(make, silent)
    world.launcher.next = [Behaviour(services=services, fails={"start": "die"}) for _ in range(2)]
    world.change("other code")
    with pytest.raises(PluginUnavailable, match="serves on"):
        world.supervisor.reload()
    assert world.state == "running"
    assert not any("rollback" in process.calls for process in world.launcher.processes)
