"""A host's database on PostgreSQL with the schemas of two plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import psycopg
import pytest
import sqlalchemy as sa

from viewra.db import open_database, plugin_provision, plugin_schema
from viewra.db.plugin_schema import PluginSchema, Server


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
