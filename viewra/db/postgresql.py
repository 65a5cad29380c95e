"""What is PostgreSQL's own: the driver, one writer at a time as with SQLite, and locks that end with their holder.

All locks are advisory ones of two numbers: the first stands for the schema, so that libraries in several schemas of
one database know nothing of each other; the second is 0 for a writer, else the id of the library that is scanned.
Those of listeners have a first number of their own, and the second stands for the plugin.
"""

from __future__ import annotations

import contextlib

import sqlalchemy as sa

from viewra.db.failures import translated
from viewra.db.sqlite import WRITES
from viewra.errors import UsageError

DRIVER = "postgresql+psycopg"
NAMES = frozenset({"postgresql", "postgres", DRIVER})
"""What the URL of a database may begin with."""

CONNECT_TIMEOUT_S = 10
NETWORK = {
    "connect_timeout": str(CONNECT_TIMEOUT_S),
    "tcp_user_timeout": "30000",  # milliseconds for what was sent to be taken
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
"""Parameters of libpq by which a server that is not reachable any more is noticed within half a minute."""

STATEMENT_TIMEOUT_S = 600
"""How long one statement may take; a migration has no such bound."""

IDLE_TIMEOUT_S = 300
"""How long a transaction may do nothing: a host that was stopped must not keep the others from writing."""

LOCK_TIMEOUT_S = 60
"""How long a statement waits for a lock, such as another writer's, before it fails."""

SCAN_LOCK_TIMEOUT_MS = 1000
"""How long a scan waits for its library: the server needs a moment to notice that a host was killed."""

LOCK_NOT_AVAILABLE = "55P03"
"""The SQLSTATE of a lock that was waited for too long."""

READS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""Options of a connection that only reads: all its statements see the same moment."""

_SCHEMA_KEY = "('x' || left(md5('viewra ' || current_schema()), 8))::bit(32)::int"
_LISTENER_KEY = "('x' || left(md5('viewra listeners ' || current_schema()), 8))::bit(32)::int"


def engine_for(url: sa.URL) -> sa.Engine:
    """An engine without a connection yet. Raises ``UsageError`` when the driver is not installed."""
    bounds = {
        "lock_timeout": LOCK_TIMEOUT_S,
        "statement_timeout": STATEMENT_TIMEOUT_S,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT_S,
    }
    options = " ".join(f"-c {name}={seconds}s" for name, seconds in bounds.items())
    given = url.query.get("options", "")
    arguments = {"options": f"{options} {given}".strip(), "application_name": "viewra"}
    arguments |= {name: value for name, value in NETWORK.items() if name not in url.query}
    try:
        engine = sa.create_engine(
            url.set(drivername=DRIVER).difference_update_query(["options"]),
            connect_args=arguments,
            pool_pre_ping=True,  # the server may have been restarted since
        )
    except ModuleNotFoundError as error:
        raise UsageError(
            "the driver for PostgreSQL is not installed",
            hint="pip install 'psycopg[binary]', into the environment that viewra runs in",
        ) from error
    sa.event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: sa.Connection) -> None:
    # One writer at a time: what two hosts write never interleaves, so events are committed in the order of their ids.
    if connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_KEY}, 0)")


def take_scan_lock(engine: sa.Engine, library_id: int) -> sa.Connection | None:
    """The connection that holds a library's lock until ``release_scan_lock``; None when another one holds it.

    Raises what SQLAlchemy raises.
    """
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.detach()  # the next user of the pool must not inherit the lock, nor its timeout
        connection.exec_driver_sql(f"SET lock_timeout = {SCAN_LOCK_TIMEOUT_MS}")
        lock = sa.text(f"SELECT pg_advisory_lock({_SCHEMA_KEY}, :id)")
        connection.execute(lock, {"id": _signed(library_id)})
    except BaseException as error:
        connection.close()
        if isinstance(error, sa.exc.OperationalError) and getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            return None
        raise
    return connection


def release_scan_lock(holder: sa.Connection) -> None:
    """Let the next scan begin at once: the server notices only after a moment that a connection was closed."""
    with contextlib.suppress(sa.exc.SQLAlchemyError):  # a broken connection has lost it already
        holder.exec_driver_sql("SELECT pg_advisory_unlock_all()")
    holder.close()


class ListenerLock:
    """The right to deliver to one listener; one host has it at a time, and loses it when it ends.

    Each method raises ``DatabaseError``. It is for one thread.
    """

    def __init__(self, engine: sa.Engine, plugin_id: str) -> None:
        self._engine = engine
        self._plugin_id = plugin_id
        self._connection: sa.Connection | None = None
        self.held = False

    def take(self) -> bool:
        """Take it if nobody has it; whether it is held now."""
        if not self.held:
            self.held = bool(self._call("pg_try_advisory_lock"))
        return self.held

    def check(self) -> None:
        """See that it is still held: it ends with the connection."""
        self._call("pg_backend_pid")

    def give_back(self) -> None:
        """Let another host have it."""
        if self.held:
            self._call("pg_advisory_unlock")
            self.held = False

    def close(self) -> None:
        """Give it back with its connection."""
        self.held = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _call(self, function: str) -> object:
        arguments = "" if function == "pg_backend_pid" else f"{_LISTENER_KEY}, hashtext(:plugin_id)"
        with translated(self._engine.url):
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                self._connection.detach()  # the next user of the pool must not inherit the lock
            return self._connection.execute(
                sa.text(f"SELECT {function}({arguments})"), {"plugin_id": self._plugin_id} if arguments else {}
            ).scalar()


def is_scanned(connection: sa.Connection, library_id: int) -> bool:
    """Whether anybody holds the lock of a library."""
    locks = sa.table("pg_locks", *map(sa.column, ("locktype", "granted", "objsubid", "database", "classid", "objid")))
    ours = (
        locks.c.locktype == "advisory",
        locks.c.granted,
        locks.c.objsubid == 2,  # a lock of two numbers
        locks.c.database == sa.text("(SELECT oid FROM pg_database WHERE datname = current_database())"),
        sa.cast(locks.c.classid, sa.BigInteger) == sa.text(f"({_SCHEMA_KEY})::bigint & {2**32 - 1}"),
        sa.cast(locks.c.objid, sa.BigInteger) == library_id,
    )
    return connection.execute(sa.select(locks.c.granted).where(*ours)).first() is not None


def _signed(library_id: int) -> int:
    """An id of 32 bits as the server takes it."""
    return library_id if library_id < 2**31 else library_id - 2**32
