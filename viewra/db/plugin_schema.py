"""Where a plugin's own schema in the host's PostgreSQL is: its name, its roles' names, how it is logged in to.

It is made and dropped in ``plugin_provision``; who gets one, and with which password, is the host's to say.
"""

from __future__ import annotations

import hashlib

import attrs
import sqlalchemy as sa

from viewra.db.failures import database_name
from viewra.db.postgresql import CONNECT_TIMEOUT_S, DRIVER
from viewra.db.transactions import reading
from viewra.errors import DatabaseError

DIGITS = 8
"""How long the digests in names are, in hexadecimal digits."""

_LONGEST_NAME = 63  # bytes, PostgreSQL's own
_LOCAL = {"user", "password", "passfile", "service", "servicefile", "options", "sslkey", "sslcert", "sslpassword"}
"""Parameters of the host's URL that a plugin does not get: they are secrets, or name the host's own place."""
_ADDRESS = {"host", "hostaddr", "port", "dbname", "application_name"}


@attrs.frozen
class Server:
    """Where the host's own tables are: what its engine is connected to. ``parameters`` are those that plugins need."""

    host: str
    port: int
    database: str
    schema: str
    parameters: dict[str, str]


@attrs.frozen
class PluginSchema:
    """The names of what one plugin has: the schema, the role that owns all in it, and the role of one host's logins.

    Each host logs in as a role of its own, so that hosts that share a database need not share a password; what either
    makes belongs to ``owner``.
    """

    schema: str
    owner: str
    login: str


def server_of(engine: sa.Engine) -> Server:
    """Where ``engine`` is connected to; raises ``DatabaseError``."""
    with reading(engine) as connection:
        info = connection.connection.driver_connection.info  # type: ignore[union-attr]
        schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        given = {name: str(value) for name, value in engine.url.query.items() if name not in _LOCAL | _ADDRESS}
        return Server(info.host, info.port, info.dbname, schema, given)


def names_for(server: Server, plugin_id: str, host_id: str) -> PluginSchema:
    """The names for one plugin of one host. A database that gets another name keeps its schemas; roles belong to it.

    Ids are lower-case letters, digits and ``_``, so no id makes a name that another one has.
    """
    place = f"{server.database}\0{server.schema}"
    return PluginSchema(
        schema=_name("" if server.schema == "public" else _digest(server.schema), "plugin", plugin_id),
        owner=_name(_digest(place), "owner", plugin_id),
        login=_name(_digest(f"{place}\0{host_id}"), "plugin", plugin_id),
    )


def url_for(server: Server, place: PluginSchema, password: str) -> str:
    """The connection string of a plugin: its login, and its schema as the whole search path."""
    query = {**server.parameters, "options": f"-csearch_path={place.schema}"}
    if server.host.startswith("/"):  # a directory with a socket
        query["host"] = server.host
    url = sa.URL.create(
        "postgresql",
        place.login,
        password,
        None if "host" in query else server.host or None,
        server.port,
        server.database,
        query,
    )
    return url.render_as_string(hide_password=False)


def exists(engine: sa.Engine, place: PluginSchema) -> bool:
    """Whether the schema is there; raises ``DatabaseError``."""
    with reading(engine) as connection:
        there = sa.text("SELECT to_regnamespace(:schema) IS NOT NULL")
        return bool(connection.execute(there, {"schema": place.schema}).scalar_one())


def prove(server: Server, place: PluginSchema, password: str) -> None:
    """Log in as the plugin will; raises ``DatabaseError`` with the remedy when the server does not let it in."""
    url = sa.make_url(url_for(server, place, password)).set(drivername=DRIVER)
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except sa.exc.OperationalError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise DatabaseError(
            f"database {database_name(engine.url)} does not let the plugin in ({reason})",
            hint=f"let roles whose name begins with viewra_ log in to {server.database} by password: pg_hba.conf, "
            "method scram-sha-256",
        ) from error


def _name(place: str, kind: str, plugin_id: str) -> str:
    """A name of at most 63 bytes. ``place`` has hexadecimal digits only, which tells the forms apart."""
    prefix = "_".join(part for part in ("viewra", place, kind) if part)
    name = f"{prefix}_{plugin_id}"
    return name if len(name) <= _LONGEST_NAME else f"{prefix}s_{_digest(plugin_id, 32)}"


def _digest(text: str, length: int = DIGITS) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
