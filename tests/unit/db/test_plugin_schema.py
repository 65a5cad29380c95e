"""A plugin's own schema in PostgreSQL: what its login can do there, and all that it cannot do anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import psycopg
import pytest
import sqlalchemy as sa

from tests.conftest import POSTGRESQL
from viewra.db import open_database, plugin_provision, plugin_schema
from viewra.db.plugin_schema import PluginSchema, Server
from viewra.errors import DatabaseError

if POSTGRESQL is None:
    pytest.skip("VIEWRA_TEST_POSTGRESQL names no PostgreSQL (see .ci/postgresql)", allow_module_level=True)

REFUSED = psycopg.errors.InsufficientPrivilege


@attrs.frozen
class World:
    """A host's database, and two plugins that have theirs."""

    engine: sa.Engine
    server: Server
    names: dict[str, PluginSchema]

    def url(self, plugin_id: str = "mine") -> str:
        return plugin_schema.url_for(self.server, self.names[plugin_id], f"secret-of-{plugin_id}")

    def provide(self, plugin_id: str = "mine", password: str | None = None) -> None:
        plugin_provision.provide(self.engine, self.names[plugin_id], password or f"secret-of-{plugin_id}")

    def ask(self, query: str) -> object:
        with self.engine.connect() as connection:
            return connection.exec_driver_sql(query).scalar()


@pytest.fixture
def world(postgresql_url: str) -> Iterator[World]:
    engine = open_database(postgresql_url)
    server = plugin_schema.server_of(engine)
    made = World(engine, server, {name: plugin_schema.names_for(server, name, "host") for name in ("mine", "other")})
    for name in made.names:
        made.provide(name)
        with psycopg.connect(made.url(name), autocommit=True) as connection:
            connection.execute("CREATE TABLE songs (title text)")
            connection.execute(f"INSERT INTO songs VALUES ('of {name}')")
    yield made
    engine.dispose()


@pytest.fixture
def plugin(world: World) -> Iterator[psycopg.Connection]:
    with psycopg.connect(world.url(), autocommit=True) as connection:
        yield connection


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


@contextmanager
def spoilt(world: World, statement: str, mended: str) -> Iterator[None]:
    values = {**attrs.asdict(world.names["mine"]), "host": world.server.schema}
    with world.engine.begin() as connection:
        connection.exec_driver_sql(statement.format(**values))
    yield
    with world.engine.begin() as connection:
        connection.exec_driver_sql(mended.format(**values))


@pytest.mark.parametrize(
    ("statement", "mended", "says", "hint"),
    [
        (
            "GRANT SELECT ON {host}.media_files TO PUBLIC",
            "REVOKE ALL ON ALL TABLES IN SCHEMA {host} FROM PUBLIC",
            "read or write viewra's table media_files",
            'REVOKE ALL ON ALL TABLES IN SCHEMA "{host}" FROM PUBLIC',
        ),
        (
            "GRANT USAGE, CREATE ON SCHEMA {host} TO PUBLIC",
            'REVOKE CREATE ON SCHEMA "{host}" FROM PUBLIC',
            "every role, a plugin's included, may create tables in the schema {host}",
            'REVOKE CREATE ON SCHEMA "{host}" FROM PUBLIC',
        ),
        (
            "ALTER ROLE {login} CREATEDB",
            "ALTER ROLE {login} NOCREATEDB",
            "role {login} of a plugin has rights over the whole server",
            'DROP ROLE "{login}"',
        ),
    ],
    ids=["tables for all", "a schema for all", "powers"],
)
def test_rights_that_reach_too_far_are_refused_with_the_remedy(
    world: World, statement: str, mended: str, says: str, hint: str
) -> None:
    values = {**attrs.asdict(world.names["mine"]), "host": world.server.schema}
    with spoilt(world, statement, mended):
        with pytest.raises(DatabaseError) as caught:
            world.provide()
        assert says.format(**values) in str(caught.value)
        assert hint.format(**values) in str(caught.value.hint)
    world.provide()


def test_what_was_restored_by_the_hosts_role_is_the_plugins_again(world: World, plugin: psycopg.Connection) -> None:
    schema = world.names["mine"].schema
    plugin.execute("CREATE TABLE artists (id serial PRIMARY KEY, name text)")
    plugin.execute("CREATE VIEW names AS SELECT name FROM artists")
    with world.engine.begin() as connection:
        for relation in ("songs", "artists", "names"):
            connection.exec_driver_sql(f"GRANT CREATE ON SCHEMA {schema} TO CURRENT_USER")
            connection.exec_driver_sql(f"ALTER TABLE {schema}.{relation} OWNER TO CURRENT_USER")
    with pytest.raises(REFUSED):
        plugin.execute("SELECT * FROM songs")
    world.provide()
    plugin.execute("INSERT INTO artists (name) SELECT title FROM songs")
    plugin.execute("ALTER TABLE artists ADD COLUMN extra int")
    assert plugin.execute("SELECT name FROM names").fetchall() == [("of mine",)]


def test_tables_of_somebody_else_are_named(world: World, weak: Callable[..., World]) -> None:
    weak()
    schema, role = world.names["mine"].schema, f"{world.server.schema}_weak"
    with world.engine.begin() as connection:
        connection.exec_driver_sql(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}")
    with psycopg.connect(f"{POSTGRESQL}", user=role, password="weak", autocommit=True) as other:
        other.execute(f"CREATE TABLE {schema}.theirs (a int)")
    with pytest.raises(DatabaseError, match=f"the table theirs in the schema {schema} belongs to {role}") as caught:
        world.provide()
    assert f'ALTER TABLE "{schema}"."theirs" OWNER TO' in str(caught.value.hint)


@pytest.fixture
def weak(world: World) -> Iterator[Callable[..., World]]:
    """Makes the same database as seen by a role with less rights than the tests' own."""
    engines: list[sa.Engine] = []
    role = f"{world.server.schema}_weak"
    with world.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'weak'")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {world.server.schema} TO {role}")

    def make(more: str = "") -> World:
        if more:
            with world.engine.begin() as connection:
                connection.exec_driver_sql(f"ALTER ROLE {role} {more}")
        url = world.engine.url.set(username=role, password="weak")
        options = {"options": f"-csearch_path={world.server.schema}"}
        engines.append(sa.create_engine(url, connect_args=options))
        return attrs.evolve(world, engine=engines[-1])

    yield make
    for engine in engines:
        engine.dispose()
    with world.engine.begin() as connection:
        connection.exec_driver_sql(f"GRANT {role} TO CURRENT_USER")
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")


def test_a_host_that_may_make_no_roles_is_told_so_in_one_line(weak: Callable[..., World]) -> None:
    world = weak("")
    with pytest.raises(DatabaseError, match="may not create roles") as caught:
        world.provide()
    assert "\n" not in str(caught.value)
    assert str(caught.value.hint).endswith('_weak" CREATEROLE')


def test_a_host_that_may_make_no_schemas_is_told_so_in_one_line(weak: Callable[..., World]) -> None:
    world = weak("CREATEROLE")
    new = attrs.evolve(world, names={"mine": plugin_schema.names_for(world.server, "new", "host")})
    with pytest.raises(DatabaseError, match="may not create schemas") as caught:
        new.provide()
    assert "GRANT CREATE ON DATABASE" in str(caught.value.hint)
    assert not plugin_schema.exists(world.engine, new.names["mine"])


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
