"""Plugins with tables whose host is on PostgreSQL: whose tables are where, and what happens to one that is refused."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.conftest import MakePlugin
from tests.integration.test_plugin_databases import CODE, FIRST, write_revision
from viewra import Host
from viewra.errors import PluginUnavailable
from viewra.host.plugin import Plugin as Handle
from viewra.sdk import Plugin
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.types import PluginContext, PluginState

pytestmark = pytest.mark.process

BOTH = 'database: engines: ["sqlite", "postgresql"]'
DROP = 'op.drop_table("songs")'


@pytest.fixture
def plugins(make_plugin: MakePlugin, tmp_path: Path) -> Path:
    """Two plugins that know both databases, and one that knows SQLite alone, as Viewra's Go plugins do."""
    for name, extra in (("songs", BOTH), ("other", BOTH), ("older", "")):
        directory: Path = make_plugin(name, CODE, capabilities=("database_service",), extra=extra)
        write_revision(directory, "1", None, FIRST, DROP)
    return tmp_path / "plugins"


def opened(url: str, plugins: Path, data_dir: Path) -> Host:
    return Host(plugin_dirs=[plugins], data_dir=data_dir, database_url=url)


@pytest.fixture
def host(postgresql_url: str, plugins: Path, tmp_path: Path) -> Iterator[Host]:
    with opened(postgresql_url, plugins, tmp_path / "data") as host:
        for name in ("songs", "other", "older"):
            host.plugins[name].enable()
        yield host


def url_of(host: Host, plugin_id: str) -> str:
    return host.plugins[plugin_id]._runner.own_database.url


def current(plugin: Handle) -> str:
    state = plugin.own_database.state()
    assert state is not None
    return state.current


def titles(host: Host, plugin_id: str = "songs") -> int:
    with psycopg.connect(url_of(host, plugin_id)) as connection:
        row = connection.execute("SELECT count(*) FROM songs").fetchone()
    assert row is not None
    return int(row[0])


def test_each_has_its_own_and_the_older_one_a_file(host: Host) -> None:
    for name in ("songs", "other", "older"):
        host.plugins[name].load()
        assert host.plugins[name].health().error == "1", "its table was there when it was initialized"
    assert (titles(host, "songs"), titles(host, "other")) == (1, 1)
    assert url_of(host, "songs").startswith("postgresql://viewra_")
    assert url_of(host, "older") == f"sqlite:///{host.data_dir / 'plugins' / 'older' / 'data.db'}"
    schemas = {sa.make_url(url_of(host, name)).query["options"] for name in ("songs", "other")}
    assert len(schemas) == 2
    songs, other = (sa.make_url(url_of(host, name)) for name in ("songs", "other"))
    theirs = other.set(username=songs.username, password=songs.password).render_as_string(hide_password=False)
    with psycopg.connect(theirs) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"SELECT * FROM {str(other.query['options']).partition('=')[2]}.songs")


def test_up_and_back_by_the_hooks_and_by_the_operator(host: Host) -> None:
    plugin = host.plugins["songs"]
    plugin.load()
    assert [result.error for result in host.hook.rollback(connection_string=None, plugin_id="songs")] == [None]
    assert current(plugin) == ""
    plugin.own_database.upgrade()
    assert current(plugin) == "1"
    plugin.own_database.downgrade("")
    assert current(plugin) == ""


def test_the_password_follows_the_hosts_key(host: Host, postgresql_url: str, plugins: Path) -> None:
    host.plugins["songs"].load()
    before = url_of(host, "songs")
    host.close()
    (host.data_dir / "secret.key").unlink()
    with opened(postgresql_url, plugins, host.data_dir) as again:
        again.plugins["songs"].load()
        after = url_of(again, "songs")
        assert sa.make_url(before).username == sa.make_url(after).username
        assert titles(again) == 2, "what it kept is there"
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(before)
    password = sa.make_url(after).password
    assert password is not None
    assert password not in (host.data_dir / "logs" / "songs.log").read_text()


def test_two_hosts_share_what_a_plugin_keeps(host: Host, postgresql_url: str, plugins: Path, tmp_path: Path) -> None:
    host.plugins["songs"].load()
    with opened(postgresql_url, plugins, tmp_path / "another") as second:
        second.plugins["songs"].load()
        assert second.plugins["songs"].health().error == "2"
    host.plugins["songs"].restart()
    assert host.plugins["songs"].health().error == "3"


def test_of_one_that_may_not_be_the_others_run(host: Host) -> None:
    host.plugins["other"].load()
    schema = str(sa.make_url(url_of(host, "songs")).query["options"]).partition("=")[2]
    with host.engine.begin() as connection:
        name = connection.exec_driver_sql("SELECT current_schema()").scalar()
        connection.exec_driver_sql(f"GRANT SELECT ON {name}.plugins TO PUBLIC")
    with pytest.raises(PluginUnavailable, match=r"read or write viewra's table plugins; .*: REVOKE ALL ON"):
        host.plugins["songs"].load()
    assert "\n" not in host.plugins["songs"].reason
    host.plugins["older"].load()
    assert host.plugins["other"].health().healthy
    with host.engine.begin() as connection:
        assert not connection.exec_driver_sql(f"SELECT to_regnamespace('{schema}')").scalar()
        connection.exec_driver_sql(f'REVOKE ALL ON ALL TABLES IN SCHEMA "{name}" FROM PUBLIC')
    host.plugins["songs"].load()


def test_tables_that_were_in_a_file_are_left_there_and_that_is_said(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    file = host.data_dir / "plugins" / "songs" / "data.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"of before")
    host.plugins["songs"].load()
    host.plugins["songs"].restart()
    (record,) = [one for one in caplog.records if "from now on" in one.message]
    assert str(file) in record.message
    assert file.read_bytes() == b"of before"


def test_before_anything_but_an_addition_pg_dump_is_named(
    host: Host, plugins: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host.plugins["songs"].load()
    write_revision(plugins / "songs", "2", "1", 'op.add_column("songs", sa.Column("artist", sa.Text()))')
    host.plugins["songs"].restart()
    assert "pg_dump" not in caplog.text
    write_revision(plugins / "songs", "3", "2", "op.execute(\"UPDATE songs SET title = 'lost'\")")
    host.plugins["songs"].restart()
    assert "pg_dump" in caplog.text


def test_a_failed_migration_leaves_everything_as_it_was(host: Host, plugins: Path) -> None:
    plugin = host.plugins["songs"]
    plugin.load()
    plugin.unload()
    write_revision(plugins / "songs", "2", "1", 'op.execute("DELETE FROM songs"); op.execute("DELETE FROM nowhere")')
    with pytest.raises(PluginUnavailable, match=r"at the step migrate: .*nowhere"):
        plugin.load()
    assert plugin.state is PluginState.STOPPED
    assert titles(host) == 1


@pytest.mark.parametrize("keep", [True, False])
def test_uninstalled_with_its_data_or_without(
    keep: bool, host: Host, postgresql_url: str, plugins: Path, make_plugin: MakePlugin, tmp_path: Path
) -> None:
    host.close()
    packages = host.data_dir / "plugin-packages"
    shutil.copytree(plugins / "songs", packages / "songs")
    with Host(data_dir=host.data_dir, database_url=postgresql_url) as first:
        first.plugins["songs"].enable()
        first.plugins["songs"].load()
        url = sa.make_url(url_of(first, "songs"))
        first.plugins.uninstall("songs", keep_data=keep)
        with first.engine.connect() as connection:
            role = sa.text("SELECT to_regrole(:it) IS NOT NULL")
            assert connection.execute(role, {"it": url.username}).scalar_one() is keep
    shutil.copytree(plugins / "songs", packages / "songs")
    with Host(data_dir=host.data_dir, database_url=postgresql_url) as second:
        second.plugins["songs"].enable()
        second.plugins["songs"].load()
        assert second.plugins["songs"].health().error == ("2" if keep else "1")


def test_a_plugin_object_of_the_hosts_process(host: Host, plugins: Path) -> None:
    class Songs(Plugin):
        seen: list[str]

        def initialize(self, context: PluginContext) -> None:
            engine = open_engine(context.database_url)
            self.seen = [engine.dialect.name, *sorted(sa.inspect(engine).get_table_names())]
            engine.dispose()

        def database_service(self) -> AlembicDatabaseService:
            return AlembicDatabaseService(
                sa.MetaData(), plugins / "songs" / "migrations", engines=("sqlite", "postgresql")
            )

    class Mine(Songs):
        pass

    host.register(plugin := Mine())
    assert plugin.seen == ["postgresql", "alembic_version", "songs"]


def test_one_for_postgresql_alone_says_so_where_there_is_none(
    make_plugin: MakePlugin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    extra = 'database: engines: ["postgresql"]'
    directory = make_plugin("only", CODE, capabilities=("database_service",), extra=extra)
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data") as host:
        host.plugins["only"].enable()
        with pytest.raises(PluginUnavailable, match=r"in PostgreSQL only.* --database postgresql://"):
            host.plugins["only"].load()
