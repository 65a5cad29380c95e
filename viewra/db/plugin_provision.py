"""Creates, checks and drops a plugin's schema and roles in the host's PostgreSQL, with rights limited to that schema.

``plugin_schema`` names them and makes the login's URL.
"""

from __future__ import annotations

import re
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.failures import database_name
from viewra.db.plugin_schema import DIGITS, PluginSchema
from viewra.db.transactions import writing
from viewra.errors import DatabaseError

CONNECTIONS = 32
"""Connections that one host's login for a plugin may have: a plugin that leaks them must not lock the host out."""


def provide(engine: sa.Engine, place: PluginSchema, password: str) -> None:
    """Create the schema and roles where missing, set the password, and check that the rights end at the schema.

    Existing objects in the schema stay as they are. Raises ``DatabaseError`` with one remedy, and then changes nothing.
    """
    with writing(engine) as connection:
        _Provision(connection, place).run(password)


def drop(engine: sa.Engine, place: PluginSchema) -> None:
    """Drop the schema with its contents and its roles, other hosts' included. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{place.schema}" CASCADE')
        for role in (*_logins(connection, place), place.owner):
            if _has_role(connection, role):
                _join(connection, role)
                connection.exec_driver_sql(f'DROP OWNED BY "{role}"')
                connection.exec_driver_sql(f'DROP ROLE "{role}"')


class _Provision:
    """The transaction of ``provide``."""

    def __init__(self, connection: sa.Connection, place: PluginSchema) -> None:
        self._connection = connection
        self._place = place
        self._name = database_name(connection.engine.url)
        here = connection.exec_driver_sql("SELECT current_user, current_database(), current_schema()").one()
        self._user, self._database, self._schema = here

    def run(self, password: str) -> None:
        place = self._place
        self._require_rights()
        for role in (place.owner, place.login):
            if not _has_role(self._connection, role):
                self._do(f'CREATE ROLE "{role}"')
            self._refuse_powers(role)
        # The host's role must be able to back up the plugins' data, and to drop it.
        _join(self._connection, place.owner)
        if not self._ask("SELECT pg_has_role(:login, :owner, 'USAGE')"):
            self._do(f'GRANT "{place.owner}" TO "{place.login}"')
        self._do(f"ALTER ROLE \"{place.login}\" LOGIN CONNECTION LIMIT {CONNECTIONS} PASSWORD '{self._hash(password)}'")
        # Objects that it creates belong to the owner role, so that another host's login may use them.
        self._do(f'ALTER ROLE "{place.login}" SET role = "{place.owner}"')
        self._do(f'ALTER ROLE "{place.login}" SET search_path = "{place.schema}"')
        if not self._ask("SELECT has_database_privilege(:login, current_database(), 'CONNECT')"):
            self._do(f'GRANT CONNECT ON DATABASE {_quoted(self._database)} TO "{place.login}"')
        self._make_schema()
        self._claim()
        self._refuse_reach()

    def _require_rights(self) -> None:
        may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        if not self._ask(may):
            raise self._wrong(
                f"the role {self._user} may not create roles, which a plugin's own database needs",
                f'as the server\'s administrator: ALTER ROLE "{self._user}" CREATEROLE',
            )
        may = "SELECT to_regnamespace(:schema) IS NOT NULL OR has_database_privilege(current_database(), 'CREATE')"
        if not self._ask(may):
            raise self._wrong(
                f"the role {self._user} may not create schemas, which a plugin's own database needs",
                f'as the database\'s owner: GRANT CREATE ON DATABASE "{self._database}" TO "{self._user}"',
            )

    def _refuse_powers(self, role: str) -> None:
        powers = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
        if self._ask(f"SELECT {powers} FROM pg_roles WHERE rolname = :role", role=role):  # noqa: S608 - no value
            raise self._wrong(
                f"the role {role} of a plugin has rights over the whole server",
                f'as the server\'s administrator: DROP ROLE "{role}" (viewra creates it again)',
            )

    def _make_schema(self) -> None:
        place = self._place
        owner = self._ask("SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = :schema")
        if owner is None:
            self._do(f'CREATE SCHEMA "{place.schema}"')
        elif not self._ask("SELECT pg_has_role(current_user, :role, 'USAGE')", role=owner):
            raise self._wrong(
                f"the schema {place.schema} belongs to {owner}, not to viewra",
                f'as the server\'s administrator: ALTER SCHEMA "{place.schema}" OWNER TO "{self._user}"',
            )
        self._do(f'REVOKE ALL ON SCHEMA "{place.schema}" FROM PUBLIC')
        self._do(f'GRANT USAGE, CREATE ON SCHEMA "{place.schema}" TO "{place.owner}"')

    def _refuse_reach(self) -> None:
        """Refuse rights of PUBLIC, which reach a plugin's roles too; the operator must revoke them."""
        elsewhere = self._ask(
            "SELECT nspname FROM pg_namespace WHERE nspname != :schema AND nspname !~ '^pg_(toast_)?temp_' "
            "AND (has_schema_privilege(:owner, oid, 'CREATE') OR has_schema_privilege(:login, oid, 'CREATE')) LIMIT 1"
        )
        if elsewhere is not None:
            raise self._wrong(
                f"every role, a plugin's included, may create tables in the schema {elsewhere}",
                f'as the schema\'s owner: REVOKE CREATE ON SCHEMA "{elsewhere}" FROM PUBLIC',
            )
        readable = self._ask(
            "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
            "WHERE nspname = current_schema() AND relkind IN ('r', 'v', 'm', 'p', 'f') "
            "AND (has_any_column_privilege(:owner, pg_class.oid, 'SELECT, INSERT, UPDATE, REFERENCES') "
            "OR has_table_privilege(:owner, pg_class.oid, 'DELETE, TRUNCATE, TRIGGER')) LIMIT 1"
        )
        if readable is not None:
            raise self._wrong(
                f"every role, a plugin's included, may read or write viewra's table {readable}",
                f'as viewra\'s role: REVOKE ALL ON ALL TABLES IN SCHEMA "{self._schema}" FROM PUBLIC',
            )

    def _claim(self) -> None:
        """Give the plugin all objects of its schema: a restored dump or a renamed database may leave other owners."""
        foreign = sa.text(
            "SELECT relname, pg_get_userbyid(relowner) AS owner, pg_has_role(current_user, relowner, 'USAGE') AS ours "
            "FROM pg_class WHERE relnamespace = to_regnamespace(:schema) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') "
            "AND pg_get_userbyid(relowner) NOT IN (:owner, :login) AND NOT (relkind = 'S' AND EXISTS "
            "(SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid "
            "AND deptype IN ('a', 'i')))"
        )  # a sequence of a column changes owner with its table
        for row in self._connection.execute(foreign, attrs.asdict(self._place)).all():
            give = f'ALTER TABLE "{self._place.schema}".{_quoted(row.relname)} OWNER TO "{self._place.owner}"'
            if not row.ours:
                raise self._wrong(
                    f"the table {row.relname} in the schema {self._place.schema} belongs to {row.owner}",
                    f"as the server's administrator, in this database: {give}",
                )
            self._do(give)

    def _hash(self, password: str) -> str:
        """The password's hash as the server stores it, so that no log of statements has the password."""
        driver = self._connection.connection.driver_connection
        assert driver is not None  # noqa: S101 - it is connected
        hashed = driver.pgconn.encrypt_password(password.encode(), self._place.login.encode(), b"scram-sha-256")
        return str(hashed.decode())

    def _ask(self, query: str, **values: str) -> Any:
        known = {**attrs.asdict(self._place), **values}
        return self._connection.execute(sa.text(query), known).scalar()

    def _do(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement)

    def _wrong(self, what: str, hint: str) -> DatabaseError:
        return DatabaseError(f"database {self._name}: {what}", hint=hint)


def _logins(connection: sa.Connection, place: PluginSchema) -> list[str]:
    """The logins of all hosts for one plugin's schema. The host's own role is a member of the owner role, too."""
    members = sa.text(
        "SELECT login.rolname FROM pg_auth_members JOIN pg_roles login ON login.oid = member "
        "JOIN pg_roles owner ON owner.oid = roleid WHERE owner.rolname = :owner AND login.rolname != current_user"
    )
    form = re.compile(f"viewra_[0-9a-f]{{8}}{re.escape(place.login[len('viewra_') + DIGITS :])}")
    return [role for role in connection.execute(members, {"owner": place.owner}).scalars() if form.fullmatch(role)]


def _has_role(connection: sa.Connection, role: str) -> bool:
    return bool(connection.execute(sa.text("SELECT to_regrole(:role) IS NOT NULL"), {"role": role}).scalar_one())


def _join(connection: sa.Connection, role: str) -> None:
    """Make the host's own role a member of a plugin's role."""
    if not connection.execute(sa.text("SELECT pg_has_role(current_user, :role, 'USAGE')"), {"role": role}).scalar_one():
        connection.exec_driver_sql(f'GRANT "{role}" TO CURRENT_USER')


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
