"""Names and addresses a plugin's schema in the host's PostgreSQL: schema name, role names, login URL.

``plugin_provision`` creates and drops it; the host decides which plugin gets one, and its password.
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
"""The length of the digests in names, in hexadecimal digits."""

_LONGEST_NAME = 63  # bytes; PostgreSQL's limit
_LOCAL = {"user", "password", "passfile", "service", "servicefile", "options", "sslkey", "sslcert", "sslpassword"}
"""Parameters of the host's URL that a plugin does not get: secrets, and the place of the host's own tables."""
_ADDRESS = {"host", "hostaddr", "port", "dbname", "application_name"}


@attrs.frozen
class Server:
    """The server, database and schema of the host's tables. ``parameters`` are those of the URL that plugins need."""

    host: str
    port: int
    database: str
    schema: str
    parameters: dict[str, str]


@attrs.frozen
class PluginSchema:
    """The names of one plugin's schema, of the role that owns everything in it, and of one host's login role.

    Each host has a login of its own, so that hosts that share a database share no password; everything that they create
    belongs to ``owner``.
    """

    schema: str
    owner: str
    login: str


def server_of(engine: sa.Engine) -> Server:
    """The server of ``engine``; raises ``DatabaseError``."""
    with reading(engine) as connection:
        info = connection.connection.driver_connection.info  # type: ignore[union-attr]
        schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        given = {name: str(value) for name, value in engine.url.query.items() if name not in _LOCAL | _ADDRESS}
        return Server(info.host, info.port, info.dbname, schema, given)


def names_for(server: Server, plugin_id: str, host_id: str) -> PluginSchema:
    """The names for one plugin of one host. Schema names outlast a renaming of the database; role names contain it.

    Ids consist of lower-case letters, digits and ``_``, so no two ids give the same name.
    """
    place = f"{server.database}\0{server.schema}"
    return PluginSchema(
        schema=_name("" if server.schema == "public" else _digest(server.schema), "plugin", plugin_id),
        owner=_name(_digest(place), "owner", plugin_id),
        login=_name(_digest(f"{place}\0{host_id}"), "plugin", plugin_id),
    )


def url_for(server: Server, place: PluginSchema, password: str) -> str:
    """The URL with which a plugin logs in; its schema is the whole search path."""
    query = {**server.parameters, "options": f"-csearch_path={place.schema}"}
    if server.host.startswith("/"):  # a directory with a unix socket
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
    """Whether the schema exists; raises ``DatabaseError``."""
    with reading(engine) as connection:
        there = sa.text("SELECT to_regnamespace(:schema) IS NOT NULL")
        return bool(connection.execute(there, {"schema": place.schema}).scalar_one())


def prove(server: Server, place: PluginSchema, password: str) -> None:
    """Log in as the plugin will. Raises ``DatabaseError`` with the remedy if the server refuses the login."""
    url = sa.make_url(url_for(server, place, password)).set(drivername=DRIVER)
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except sa.exc.OperationalError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise DatabaseError(
            f"database {database_name(engine.url)} refuses the plugin's login ({reason})",
            hint=f"let roles whose name begins with viewra_ log in to {server.database} by password: pg_hba.conf, "
            "method scram-sha-256",
        ) from error


def _name(place: str, kind: str, plugin_id: str) -> str:
    """A name of at most 63 bytes. ``place`` consists of hexadecimal digits only, which keeps the two forms apart."""
    prefix = "_".join(part for part in ("viewra", place, kind) if part)
    name = f"{prefix}_{plugin_id}"
    return name if len(name) <= _LONGEST_NAME else f"{prefix}s_{_digest(plugin_id, 32)}"


def _digest(text: str, length: int = DIGITS) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
