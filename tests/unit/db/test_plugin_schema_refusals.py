"""Rights that are too many or too few for plugins' own schemas: refused in one line, with the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import psycopg
import pytest

from tests.conftest import POSTGRESQL
from tests.unit.db.conftest import World
from viewra.db import plugin_schema
from viewra.errors import DatabaseError

if POSTGRESQL is None:
    pytest.skip("VIEWRA_TEST_POSTGRESQL names no PostgreSQL (see .ci/postgresql)", allow_module_level=True)

REFUSED = psycopg.errors.InsufficientPrivilege


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
