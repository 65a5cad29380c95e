"""Plugins with tables as a host runs them: when they are migrated, what is backed up, what a failure leaves."""

from __future__ import annotations

import contextlib
import sqlite3
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import MakePlugin
from viewra import Host
from viewra.errors import PluginClosed, PluginUnavailable
from viewra.sdk import Plugin
from viewra.sdk_db import AlembicDatabaseService
from viewra.testing import FakePlugin
from viewra.types import PluginContext, PluginState

pytestmark = pytest.mark.process

CODE = """
    from pathlib import Path
    import sqlalchemy as sa
    from viewra.sdk import Health, Plugin, serve
    from viewra.sdk_db import AlembicDatabaseService, open_engine

    metadata = sa.MetaData()
    songs = sa.Table("songs", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.Text))

    class Songs(Plugin):
        def initialize(self, context):
            engine = open_engine(context.database_url)
            with engine.begin() as connection:
                connection.execute(sa.insert(songs).values(title="from initialize"))
                self.found = connection.execute(sa.select(sa.func.count()).select_from(songs)).scalar()
            engine.dispose()

        def health(self):
            return Health(True, str(self.found))

        def database_service(self):
            return AlembicDatabaseService(metadata, Path(__file__).parent / "migrations")

    serve(Songs())
"""
REVISION = '''
"""Revision {number}."""
import sqlalchemy as sa
from alembic import op
revision = "{number}"
down_revision = {down!r}
def upgrade():
    {up}
def downgrade():
    {back}
'''
FIRST = 'op.create_table("songs", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("title", sa.Text()))'


def write_revision(directory: Path, number: str, down: str | None, up: str, back: str = "pass") -> None:
    folder = directory / "migrations"
    folder.mkdir(exist_ok=True)
    (folder / f"{number}.py").write_text(textwrap.dedent(REVISION.format(number=number, down=down, up=up, back=back)))


@pytest.fixture
def songs(make_plugin: MakePlugin) -> Path:
    directory: Path = make_plugin("songs", CODE, capabilities=("database_service",))
    write_revision(directory, "1", None, FIRST, 'op.drop_table("songs")')
    return directory


@pytest.fixture
def host(songs: Path, tmp_path: Path) -> Iterator[Host]:
    with Host(plugin_dirs=[songs.parent], data_dir=tmp_path / "data") as host:
        host.plugins["songs"].enable()
        yield host


def titles(tmp_path: Path) -> int:
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "plugins" / "songs" / "data.db")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM songs").fetchone()
        return int(count)


def copies(tmp_path: Path, plugin_id: str = "songs") -> list[Path]:
    return sorted((tmp_path / "data" / "backups" / "plugins" / plugin_id).glob("*.db"))


def test_its_tables_are_there_when_it_is_initialized(host: Host) -> None:
    host.plugins["songs"].load()
    assert host.plugins["songs"].health().error == "1"
    assert host.plugins["songs"].database is not None
    state = host.plugins["songs"].database.describe()
    assert state is not None
    assert (state.current, state.head, state.pending) == ("1", "1", ())


def test_additions_need_no_backup_anything_else_does(host: Host, songs: Path, tmp_path: Path) -> None:
    plugin = host.plugins["songs"]
    plugin.load()
    write_revision(songs, "2", "1", 'op.add_column("songs", sa.Column("artist", sa.Text()))')
    plugin.restart()
    assert copies(tmp_path) == []
    write_revision(songs, "3", "2", "op.execute(\"UPDATE songs SET title = 'lost'\")")
    plugin.restart()
    (copy,) = copies(tmp_path)
    assert copy.name.endswith("-2.db")
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT DISTINCT title FROM songs").fetchall() == [("from initialize",)]
    plugin.restart()
    assert copies(tmp_path) == [copy]


def test_a_failed_migration_stops_it_with_the_reason_and_its_data_as_it_was(
    host: Host, songs: Path, tmp_path: Path
) -> None:
    plugin = host.plugins["songs"]
    plugin.load()
    plugin.unload()
    before = titles(tmp_path)
    write_revision(songs, "2", "1", 'op.execute("DELETE FROM songs"); op.execute("DELETE FROM nowhere")')
    for _ in range(2):
        with pytest.raises(PluginUnavailable, match=r"at the step migrate: .*no such table: nowhere"):
            plugin.load()
    state = plugin.state
    assert state is PluginState.STOPPED
    assert "no such table: nowhere" in plugin.reason
    assert plugin.database is not None
    with pytest.raises(PluginClosed, match="no such table"):
        plugin.database.get_models()
    assert titles(tmp_path) == before
    assert len(copies(tmp_path)) == 1, "the second attempt had nothing new to copy"
    (songs / "migrations" / "2.py").unlink()
    plugin.load()
    assert plugin.state is PluginState.RUNNING
    assert plugin.health().error == str(before + 1)


def test_an_older_version_refuses_a_newer_database(host: Host, songs: Path, tmp_path: Path) -> None:
    plugin = host.plugins["songs"]
    write_revision(songs, "2", "1", "pass")
    plugin.load()
    plugin.unload()
    (songs / "migrations" / "2.py").unlink()
    with pytest.raises(PluginUnavailable, match=r"revision 2, which this version .* install that again"):
        plugin.load()
    assert plugin.state is PluginState.STOPPED
    assert copies(tmp_path) == []


def test_a_backup_that_cannot_be_made_stops_the_migration(host: Host, songs: Path, tmp_path: Path) -> None:
    plugin = host.plugins["songs"]
    plugin.load()
    plugin.unload()
    folder = tmp_path / "data" / "backups" / "plugins" / "songs"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.touch()
    write_revision(songs, "2", "1", 'op.drop_table("songs")')
    with pytest.raises(PluginUnavailable, match=r"at the step migrate: .* cannot be backed up"):
        plugin.load()
    assert titles(tmp_path) == 1


def test_a_migration_may_take_longer_than_a_start(make_plugin: MakePlugin, tmp_path: Path) -> None:
    directory = make_plugin("slow", CODE, capabilities=("database_service",), extra="runtime: start_timeout_s: 6")
    write_revision(directory, "1", None, f"{FIRST}; import time; time.sleep(7)")
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data") as host:
        host.plugins["slow"].enable()
        host.plugins["slow"].load()
        assert host.plugins["slow"].state is PluginState.RUNNING


def test_new_code_of_one_that_says_nothing_of_its_database_is_backed_up_once(
    make_plugin: MakePlugin, tmp_path: Path
) -> None:
    code = """
        import sqlite3
        from viewra.sdk import Plugin, serve
        class Old(Plugin):
            def initialize(self, context):
                self.order = ["initialize"]
            def get_models(self): return []
            def migrate(self, url):
                self.order.append("migrate")
                sqlite3.connect(url.removeprefix("sqlite:///")).execute("CREATE TABLE IF NOT EXISTS t (a)")
            def rollback(self, url): pass
            def start(self):
                assert self.order == ["initialize", "migrate"]
        serve(Old())
    """
    directory = make_plugin("old", code, capabilities=("database_service",))
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data") as host:
        plugin = host.plugins["old"]
        plugin.enable()
        plugin.load()
        plugin.restart()
        assert copies(tmp_path, "old") == []
        (directory / "more.py").write_text("x = 1")
        plugin.restart()
        plugin.restart()
        assert [copy.name.endswith("-unknown.db") for copy in copies(tmp_path, "old")] == [True]
        assert plugin.database is not None
        assert plugin.database.describe() is None


def test_in_process_it_is_the_same(songs: Path, tmp_path: Path) -> None:
    class Songs(Plugin):
        seen: str | None = None

        def initialize(self, context: PluginContext) -> None:
            engine = sa.create_engine(context.database_url)
            self.seen = ",".join(sa.inspect(engine).get_table_names())
            engine.dispose()

        def database_service(self) -> AlembicDatabaseService:
            return AlembicDatabaseService(sa.MetaData(), songs / "migrations")

    plugin, old = Songs(), FakePlugin("old")
    with Host(data_dir=tmp_path / "data") as host:
        handle = host.register(plugin)
        assert plugin.seen == "alembic_version,songs"
        assert handle.database is not None
        assert handle.database.describe() is not None
        host.unregister(plugin)
        write_revision(songs, "2", "1", 'op.drop_table("songs")')
        host.register(plugin)
        assert len(copies(tmp_path)) == 1
        host.register(old)
        assert [name for name, _ in old.calls if name in {"initialize", "migrate", "start"}] == [
            "initialize",
            "migrate",
            "start",
        ]
        assert host.plugins["old"].database is not None
        assert host.plugins["old"].database.describe() is None
