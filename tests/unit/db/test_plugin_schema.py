"""A plugin's own schema in PostgreSQL: its login's rights there, and the lack of rights elsewhere."""

from __future__ import annotations

import attrs
import psycopg
import pytest
import sqlalchemy as sa

from tests.conftest import POSTGRESQL
from tests.unit.db.conftest import World
from viewra.db import plugin_provision, plugin_schema
from viewra.db.plugin_schema import Server
from viewra.errors import DatabaseError

if POSTGRESQL is None:
    pytest.skip("VIEWRA_TEST_POSTGRESQL names no PostgreSQL (see .ci/postgresql)", allow_module_level=True)

REFUSED = psycopg.errors.InsufficientPrivilege


def test_it_does_there_what_it_wants(plugin: psycopg.Connection, world: World) -> None:
    for statement in (
        "CREATE TABLE artists (id serial PRIMARY KEY, name text)",
        "CREATE VIEW everything AS SELECT * FROM songs, artists",
        "CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n'",
        "ALTER TABLE songs ADD COLUMN artist int REFERENCES artists",
        "DROP VIEW everything",
    ):
        plugin.execute(statement)
    assert plugin.execute("SELECT current_schema(), current_user").fetchone() == (
        world.names["mine"].schema,
        world.names["mine"].owner,
    )


ATTACKS = {
    "the host's settings": "SELECT * FROM {host}.plugin_settings",
    "the host's files": "DELETE FROM {host}.media_files",
    "the host's numbers": "SELECT nextval('{host}.media_files_id_seq')",
    "a reference to the host's": "CREATE TABLE spy (id bigint REFERENCES {host}.media_files)",
    "a view of the host's": "CREATE VIEW spy AS SELECT * FROM {host}.plugin_settings; SELECT * FROM spy",
    "a table in the host's schema": "CREATE TABLE {host}.mine (a int)",
    "another plugin's table": "SELECT * FROM {other}.songs",
    "a table in another plugin's schema": "CREATE TABLE {other}.mine (a int)",
    "a table in public": "CREATE TABLE public.mine (a int)",
    "a schema": "CREATE SCHEMA mine",
    "a database": "CREATE DATABASE mine",
    "a role": "CREATE ROLE mine_too",
    "an extension": "CREATE EXTENSION dblink",
    "the host's role": "SET ROLE {user}",
    "another plugin's role": "SET ROLE {other_owner}",
    "the host's session": "SET SESSION AUTHORIZATION {user}",
    "the passwords": "SELECT * FROM pg_authid",
    "to be a superuser": "ALTER ROLE {login} SUPERUSER",
    "to be let in everywhere": "ALTER ROLE {login} BYPASSRLS",
    "another plugin's password": "ALTER ROLE {other_login} PASSWORD 'x'",
    "membership": "GRANT {user} TO {login}",
    "another plugin's membership": "GRANT {other_owner} TO {login}",
    "to drop its schema": "DROP SCHEMA {own} CASCADE",
    "a file of the server": "COPY songs FROM '/etc/passwd'",
    "a program on the server": "COPY songs TO PROGRAM 'cat'",
    "a file by function": "SELECT pg_read_file('/etc/passwd')",
    "the server's settings": "ALTER SYSTEM SET work_mem = '1GB'",
    "the database's settings": "ALTER DATABASE {database} SET search_path = {own}",
    "the end of the host's sessions": "SELECT pg_terminate_backend({pid})",
    "a trigger on the host's": "CREATE TRIGGER t AFTER INSERT ON {host}.plugins EXECUTE FUNCTION pg_catalog.now()",
    "a language": "CREATE LANGUAGE mine HANDLER plpgsql_call_handler",
    "an untrusted function": "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/x', 'f'",
}


@pytest.mark.parametrize("escaped", [False, True], ids=["as it logs in", "out of its role"])
def test_what_it_cannot_have(escaped: bool, plugin: psycopg.Connection, world: World) -> None:
    if escaped:
        plugin.execute("SET ROLE NONE")
    had = []
    with world.engine.connect() as connection:
        values = {
            "host": world.server.schema,
            "own": world.names["mine"].schema,
            "login": world.names["mine"].login,
            "other": world.names["other"].schema,
            "other_owner": world.names["other"].owner,
            "other_login": world.names["other"].login,
            "user": connection.exec_driver_sql("SELECT current_user").scalar(),
            "pid": connection.exec_driver_sql("SELECT pg_backend_pid()").scalar(),
            "database": world.server.database,
        }
        for attack, statements in ATTACKS.items():
            try:
                for statement in statements.format(**values).split("; "):
                    plugin.execute(statement)
            except REFUSED:
                continue
            had.append(attack)
    assert had == []


def test_grants_of_its_own_open_nothing(plugin: psycopg.Connection, world: World) -> None:
    """It may give its own tables away, to nobody's harm: nobody else can enter its schema."""
    schema = world.names["mine"].schema
    plugin.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO PUBLIC")
    plugin.execute(f"GRANT USAGE ON SCHEMA {schema} TO PUBLIC")  # only a warning: it has no right to
    with psycopg.connect(world.url("other"), autocommit=True) as other, pytest.raises(REFUSED):
        other.execute(f"SELECT * FROM {schema}.songs")


def test_it_cannot_say_that_its_password_is_another_for_longer_than_to_the_next_start(
    plugin: psycopg.Connection, world: World
) -> None:
    plugin.execute("SET ROLE NONE")
    plugin.execute("ALTER ROLE CURRENT_USER PASSWORD 'stolen'")
    plugin.execute("ALTER ROLE CURRENT_USER SET search_path = nowhere")
    with pytest.raises(DatabaseError, match="refuses the plugin's login") as caught:
        plugin_schema.prove(world.server, world.names["mine"], "secret-of-mine")
    assert "pg_hba.conf" in str(caught.value.hint)
    world.provide()
    plugin_schema.prove(world.server, world.names["mine"], "secret-of-mine")


def test_another_password_at_any_time_and_what_it_made_stays(world: World) -> None:
    world.provide(password="rotated")
    url = plugin_schema.url_for(world.server, world.names["mine"], "rotated")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT title FROM songs").fetchall() == [("of mine",)]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(world.url())


def test_two_hosts_have_a_login_each_to_the_same_tables(world: World) -> None:
    second = plugin_schema.names_for(world.server, "mine", "another host")
    assert (second.schema, second.owner) == (world.names["mine"].schema, world.names["mine"].owner)
    assert second.login != world.names["mine"].login
    plugin_provision.provide(world.engine, second, "its-own")
    with psycopg.connect(plugin_schema.url_for(world.server, second, "its-own"), autocommit=True) as connection:
        connection.execute("ALTER TABLE songs ADD COLUMN extra int")
        connection.execute("CREATE TABLE more (a int)")
    with psycopg.connect(world.url(), autocommit=True) as connection:
        connection.execute("DROP TABLE more")
        assert connection.execute("SELECT extra FROM songs").fetchall() == [(None,)]


def test_the_host_may_read_it_for_backups(world: World) -> None:
    assert world.ask(f"SELECT title FROM {world.names['mine'].schema}.songs") == "of mine"


def test_dropped_with_all_that_it_made_and_nothing_else(plugin: psycopg.Connection, world: World) -> None:
    second = plugin_schema.names_for(world.server, "mine", "another host")
    plugin_provision.provide(world.engine, second, "its-own")
    plugin.execute("SELECT lo_create(0)")
    plugin.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
    plugin.execute("SET ROLE NONE")
    plugin.execute("SELECT lo_create(0)")
    plugin_provision.drop(world.engine, world.names["mine"])
    plugin_provision.drop(world.engine, world.names["mine"])
    assert not plugin_schema.exists(world.engine, world.names["mine"])
    for role in (world.names["mine"].owner, world.names["mine"].login, second.login):
        assert world.ask(f"SELECT count(*) FROM pg_roles WHERE rolname = '{role}'") == 0
    with psycopg.connect(world.url("other")) as other:
        assert other.execute("SELECT title FROM songs").fetchall() == [("of other",)]
    assert world.ask("SELECT count(*) FROM plugins") == 0, "the host's own tables are there"
    world.provide()
    with psycopg.connect(world.url()) as again:
        assert again.execute("SELECT to_regclass('songs')").fetchone() == (None,)


def test_names_fit_and_never_meet() -> None:
    one = Server("h", 1, "db", "public", {})
    two = attrs.evolve(one, schema="viewra")
    assert plugin_schema.names_for(one, "lyrics", "x").schema == "viewra_plugin_lyrics"
    ids = ["a", "b_owner_a", "a" * 40, "a" * 41, "a" * 300, "a" * 299 + "b", "s_x", "owner_a"]
    seen: set[str] = set()
    for server in (one, two, attrs.evolve(one, database="other")):
        for plugin_id in ids:
            names = plugin_schema.names_for(server, plugin_id, "x")
            assert all(len(name) <= 63 for name in attrs.astuple(names))
            assert names.login not in seen
            assert names.owner not in seen
            seen |= {names.login, names.owner}
    schemas = [plugin_schema.names_for(server, one_id, "x").schema for server in (one, two) for one_id in ids]
    assert len(set(schemas)) == len(schemas)


def test_secrets_of_the_hosts_url_are_not_handed_on(world: World) -> None:
    url = world.engine.url.update_query_dict({"sslmode": "prefer", "sslkey": "/root/key", "sslpassword": "x"})
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"))
    server = plugin_schema.server_of(engine)
    engine.dispose()
    assert server.parameters == {"sslmode": "prefer"}
