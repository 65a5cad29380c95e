"""A call of the library against the same SQL put to the database's driver, in turn: the fastest of each.

Times are processor time, which other programs on the machine disturb least: of this thread, in which SQLite works, and
of the processes of a PostgreSQL server on this machine. For a server elsewhere they are times by the clock.
"""

from __future__ import annotations

import time
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa


class Fastest(NamedTuple):
    """Seconds of a call, and of its queries alone."""

    call_s: float
    queries_s: float

    @property
    def ratio(self) -> float:
        """How often the queries alone fit into the call."""
        return self.call_s / self.queries_s


_named: Any = namedtuple  # noqa: PYI024 - a type checker wants literal fields


def fastest(engine: sa.Engine, call: Callable[[], object], rounds: int) -> Fastest:
    """The fastest of some rounds; the driver's rows become named tuples, too."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_others: object) -> None:
        statements.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        call()
        queries = [one for one in statements if one[0].startswith(("SELECT", "WITH"))]
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    # Two connections of the pool: the call has the one, its queries alone have the other.
    with engine.connect() as ours, engine.connect() as theirs:
        clock = time.thread_time if engine.dialect.name == "sqlite" else _processor_time([ours, theirs])
        ours.close()
        cursor: Any = theirs.connection.cursor()
        makers: dict[str, Callable[[Any], object]] = {}
        for statement, parameters in queries:
            cursor.execute(statement, parameters)
            names = [column[0] for column in cursor.description]
            makers[statement] = _named("Row", names, rename=True)._make

        def query() -> None:
            for statement, parameters in queries:
                cursor.execute(statement, parameters)
                [*map(makers[statement], cursor.fetchall())]

        pairs = [(_timed(call, clock), _timed(query, clock)) for _ in range(rounds)]
    return Fastest(*(min(pair[index] for pair in pairs) for index in (0, 1)))


def _processor_time(connections: list[sa.Connection]) -> Callable[[], float]:
    """The seconds that this thread and the server's processes of these connections have computed."""
    pids = [connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() for connection in connections]
    places = [Path(f"/proc/{pid}/schedstat") for pid in pids]
    # Of a server elsewhere there is no such process here, or another one.
    if not all(_is_server(pid) for pid in pids):
        return time.perf_counter
    return lambda: time.thread_time() + sum(int(place.read_text().split()[0]) for place in places) / 1e9


def _is_server(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
    except OSError:
        return False


def _timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return clock() - started
