"""``db revision --autogenerate`` for a plugin: its own process reads its tables, and the written migration runs."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from tests.conftest import MakePlugin
from tests.integration.test_plugin_databases import FIRST, write_revision
from tests.thorough import thorough
from viewra import Host
from viewra.cli._main import group
from viewra.errors import MigrationError, PluginFault, PluginUnavailable, UsageError
from viewra.process.sandbox.machine import machine
from viewra.revisions import read_revisions
from viewra.sdk import Plugin
from viewra.sdk_db import AlembicDatabaseService, open_engine

pytestmark = pytest.mark.process

CODE = """
    import sys
    from pathlib import Path
    import sqlalchemy as sa
    from viewra.sdk import Plugin, serve
    from viewra.sdk_db import AlembicDatabaseService
    from tables import metadata  # beside the entry point, as authors write it

    class Songs(Plugin):
        def database_service(self):
            return AlembicDatabaseService(metadata, Path(__file__).parent / "migrations")

    print("an import that talks", flush=True)
    if __name__ == "__main__":
        try:
            serve(Songs())
        except Exception:
            sys.exit(3)
"""
TABLES = """
    import sqlalchemy as sa
    metadata = sa.MetaData()
    sa.Table("songs", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.Text),
             sa.Column("length", sa.Integer))
    sa.Table("artists", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text, index=True))
"""


@pytest.fixture
def songs(make_plugin: MakePlugin, tmp_path: Path) -> Path:
    extra = 'database: engines: ["sqlite", "postgresql"]'
    directory: Path = make_plugin("songs", CODE, capabilities=("database_service",), extra=extra)
    (directory / "tables.py").write_text(textwrap.dedent(TABLES))
    return directory


@pytest.fixture
def host(songs: Path, database_url: str, fresh_database: Path, tmp_path: Path) -> Iterator[Host]:
    if database_url.startswith("sqlite"):
        shutil.copy(fresh_database, tmp_path / "viewra.db")  # where it is
    with Host(plugin_dirs=[songs.parent], data_dir=tmp_path / "data", database_url=database_url) as host:
        host.plugins["songs"].enable()
        yield host


def test_what_is_missing_is_written_and_runs_up_and_back(host: Host, songs: Path) -> None:
    plugin = host.plugins["songs"]
    write_revision(songs, "0001", None, FIRST, 'op.drop_table("songs")')
    file = plugin.draft_migration("Artists, and lengths")
    assert file == songs / "migrations" / "0002_artists_and_lengths.py"
    text = file.read_text()
    assert "length" in text
    assert "artists" in text
    assert "title" not in text, "what the first one makes is no news"
    with pytest.raises(MigrationError, match="nothing to write"):
        plugin.draft_migration("Nothing")
    assert [one.id for one in read_revisions(songs / "migrations")] == ["0001", "0002"]
    plugin.load()
    engine = open_engine(plugin._runner.own_database.url)
    inspected = sa.inspect(engine)
    assert set(inspected.get_table_names()) == {"alembic_version", "artists", "songs"}
    assert [column["name"] for column in inspected.get_columns("songs")] == ["id", "title", "length"]
    plugin.own_database.downgrade()
    assert sa.inspect(engine).get_table_names() == ["alembic_version", "songs"]
    engine.dispose()


def test_of_a_folder_that_nobody_has_enabled(songs: Path, tmp_path: Path, quick_hosts: None) -> None:
    del quick_hosts

    def written(*options: str) -> str:
        command = ["--data-dir", str(tmp_path / "data"), "db", "revision", "--plugin", str(songs), "-m", "x", *options]
        done = CliRunner().invoke(group, command, standalone_mode=False)
        assert done.exception is None, done.exception
        return Path(done.output.strip()).read_text()

    assert written("--autogenerate").count("create_table") == 2
    assert "create_table" not in written()
    assert not (tmp_path / "data" / "plugins" / "songs").exists(), "the operator's own data is left alone"


@thorough
def test_the_first_one_of_all(host: Host, songs: Path) -> None:
    file = host.plugins["songs"].draft_migration("Everything")
    assert "down_revision = None" in file.read_text()
    host.plugins["songs"].own_database.upgrade()
    state = host.plugins["songs"].own_database.state()
    assert state is not None
    assert state.current == "0001"


def test_a_plugin_object_of_the_hosts_process(tmp_path: Path) -> None:
    metadata = sa.MetaData()
    sa.Table("songs", metadata, sa.Column("id", sa.Integer, primary_key=True))
    (tmp_path / "migrations").mkdir()

    class Mine(Plugin):
        def database_service(self) -> AlembicDatabaseService:
            return AlembicDatabaseService(metadata, tmp_path / "migrations")

    write_revision(tmp_path, "0001", None, "pass")
    with Host(data_dir=tmp_path / "data") as host:
        handle = host.register(Mine())
        assert handle.draft_migration("Songs").name == "0002_songs.py"
        handle.own_database.upgrade()
        with pytest.raises(MigrationError, match="nothing to write"):
            handle.draft_migration("Songs")


@pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-")
def test_its_code_is_confined(songs: Path, tmp_path: Path) -> None:
    """It may do no more than in its ordinary process: the host writes the file."""
    (tmp_path / "secret").write_text("x")
    probe = f"""
        said = []
        for path, mode in (({str(tmp_path / "secret")!r}, "r"), (__file__, "a")):
            try:
                said.append(open(path, mode).name)
            except OSError as error:
                said.append(type(error).__name__)
    """
    tables = textwrap.dedent(TABLES) + textwrap.dedent(probe)
    with Host(plugin_dirs=[songs.parent], data_dir=tmp_path / "data", sandbox="auto", watch=False) as host:
        plugin = host.plugins["songs"]
        plugin.enable()
        (songs / "tables.py").write_text(tables)
        assert plugin.draft_migration("Songs").read_text().count("create_table") == 2
        (songs / "tables.py").write_text(f"{tables}raise RuntimeError(said)\n")
        with pytest.raises(PluginFault, match=r"\['PermissionError', 'PermissionError'\]"):
            plugin.draft_migration("x")


def test_a_folder_elsewhere_is_refused(songs: Path, tmp_path: Path) -> None:
    """The host writes, so a plugin must not say where; confined, it cannot even look there."""
    code = textwrap.dedent(CODE).replace('Path(__file__).parent / "migrations"', f"Path({str(tmp_path)!r})")
    (songs / "main.py").write_text(code)
    with Host(plugin_dirs=[songs.parent], data_dir=tmp_path / "data", sandbox="off", watch=False) as host:
        host.plugins["songs"].enable()
        with pytest.raises(PluginFault, match="not in its own folder"):
            host.plugins["songs"].draft_migration("x")


@thorough
@pytest.mark.shipped
def test_who_it_cannot_be_done_for(host: Host, songs: Path, make_plugin: MakePlugin) -> None:
    plugin = host.plugins["songs"]
    write_revision(songs, "0001", None, 'raise ValueError("not today")')
    with pytest.raises(MigrationError, match="not today"):
        plugin.draft_migration("x")
    (songs / "tables.py").write_text("raise RuntimeError('broken tables')")
    with pytest.raises(PluginFault, match="broken tables"):
        plugin.draft_migration("x")
    (songs / "main.py").write_text("print('hello')")
    with pytest.raises(MigrationError, match="serves no plugin"):
        plugin.draft_migration("x")
    code = """
        from viewra.sdk import Plugin, serve
        class Old(Plugin):
            def get_models(self): return []
            def migrate(self, url): pass
            def rollback(self, url): pass
        serve(Old())
    """
    (songs / "main.py").write_text(textwrap.dedent(code))
    with pytest.raises(MigrationError, match="service is Old, not") as caught:
        plugin.draft_migration("x")
    assert "write upgrade()" in str(caught.value.hint)
    plugin.pin()
    with pytest.raises(UsageError, match="pinned"):
        plugin.draft_migration("x")
    plugin.disable()
    with pytest.raises(PluginUnavailable, match="its code is run"):
        plugin.draft_migration("x")
    with pytest.raises(UsageError, match="no database"):
        host.plugins["audio_tags"].draft_migration("x")
