"""PostgreSQL only: the driver, a lock for one writer at a time, and locks that end with their connection.

All locks are advisory locks of two numbers. The first identifies the schema, so that hosts in several schemas of one
database do not affect each other; the second is 0 for a writer, else the id of the library that is scanned. Listeners'
locks have another first number, and the second identifies the plugin.
"""

from __future__ import annotations

import contextlib

import sqlalchemy as sa

from viewra.db.alive import check_connections
from viewra.db.failures import translated
from viewra.db.sqlite import WRITES
from viewra.errors import UsageError

DRIVER = "postgresql+psycopg"
NAMES = frozenset({"postgresql", "postgres", DRIVER})
"""The URL schemes of this database."""

CONNECT_TIMEOUT_S = 10
NETWORK = {
    "connect_timeout": str(CONNECT_TIMEOUT_S),
    "tcp_user_timeout": "30000",  # milliseconds until sent data must be acknowledged
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
"""libpq parameters that detect an unreachable server within half a minute."""

PLANNING = {
    "jit": "off",  # compiling a query takes longer than any page or search
    # A search of a common word ranks the first so many hits, which have to be the same ones for each of its pages:
    # found by one process, which begins at the beginning of the table and not where another one is.
    "max_parallel_workers_per_gather": "0",
    "synchronize_seqscans": "off",
}
"""How the server plans queries."""

STATEMENT_TIMEOUT_S = 600
"""How long one statement may take; migrations have no limit."""

IDLE_TIMEOUT_S = 300
"""How long a transaction may be idle, so that a suspended host does not block the others."""

LOCK_TIMEOUT_S = 60
"""How long a statement waits for a lock, such as another writer's, before it fails."""

SCAN_LOCK_TIMEOUT_MS = 1000
"""How long a scan waits for its library's lock: the server needs a moment to notice that a host was killed."""

LOCK_NOT_AVAILABLE = "55P03"
"""The SQLSTATE of a wait for a lock that timed out."""

READS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""Options of a read-only connection: all its statements see one snapshot."""

_SCHEMA_KEY = "('x' || left(md5('viewra ' || current_schema()), 8))::bit(32)::int"
_LISTENER_KEY = "('x' || left(md5('viewra listeners ' || current_schema()), 8))::bit(32)::int"


def engine_for(url: sa.URL) -> sa.Engine:
    """An engine that has not connected yet. Raises ``UsageError`` if the driver is not installed."""
    bounds = {
        "lock_timeout": LOCK_TIMEOUT_S,
        "statement_timeout": STATEMENT_TIMEOUT_S,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT_S,
    }
    options = " ".join(f"-c {name}={seconds}s" for name, seconds in bounds.items())
    options += "".join(f" -c {name}={value}" for name, value in PLANNING.items())
    given = url.query.get("options", "")
    arguments = {"options": f"{options} {given}".strip(), "application_name": "viewra"}
    arguments |= {name: value for name, value in NETWORK.items() if name not in url.query}
    try:
        engine = sa.create_engine(
            url.set(drivername=DRIVER).difference_update_query(["options"]),
            connect_args=arguments,
        )
    except ModuleNotFoundError as error:
        raise UsageError(
            "the driver for PostgreSQL is not installed",
            hint="pip install 'psycopg[binary]', into the environment that viewra runs in",
        ) from error
    check_connections(engine)  # the server may have restarted since the last use
    sa.event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: sa.Connection) -> None:
    # One writer at a time: the writes of two hosts never interleave, so events are committed in the order of their ids.
    if connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_KEY}, 0)")


def take_scan_lock(engine: sa.Engine, library_id: int) -> sa.Connection | None:
    """The connection that holds a library's lock until ``release_scan_lock``; None if another connection holds it.

    Raises SQLAlchemy's exceptions.
    """
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.detach()  # the pool must not hand on the lock or its timeout
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
    """Release the lock explicitly: the server notices a closed connection only after a moment."""
    with contextlib.suppress(sa.exc.SQLAlchemyError):  # a broken connection has already lost the lock
        holder.exec_driver_sql("SELECT pg_advisory_unlock_all()")
    holder.close()


class ListenerLock:
    """The right to deliver to one listener. One host holds it at a time and loses it when it ends.

    Each method raises ``DatabaseError``. Not thread-safe.
    """

    def __init__(self, engine: sa.Engine, plugin_id: str) -> None:
        self._engine = engine
        self._plugin_id = plugin_id
        self._connection: sa.Connection | None = None
        self.held = False

    def take(self) -> bool:
        """Take the lock if it is free. Returns whether it is held now."""
        if not self.held:
            self.held = bool(self._call("pg_try_advisory_lock"))
        return self.held

    def check(self) -> None:
        """Check that the lock is still held: it ends with its connection."""
        self._call("pg_backend_pid")

    def give_back(self) -> None:
        """Release the lock to other hosts."""
        if self.held:
            self._call("pg_advisory_unlock")
            self.held = False

    def close(self) -> None:
        """Release the lock and close its connection."""
        self.held = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _call(self, function: str) -> object:
        arguments = "" if function == "pg_backend_pid" else f"{_LISTENER_KEY}, hashtext(:plugin_id)"
        with translated(self._engine.url):
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                self._connection.detach()  # the pool must not hand on the lock
            return self._connection.execute(
                sa.text(f"SELECT {function}({arguments})"), {"plugin_id": self._plugin_id} if arguments else {}
            ).scalar()


def is_scanned(connection: sa.Connection, library_id: int) -> bool:
    """Whether any connection holds the lock of a library."""
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
    """A 32-bit id as the signed integer that the server expects."""
    return library_id if library_id < 2**31 else library_id - 2**32
