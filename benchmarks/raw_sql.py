"""A call of the library against the same SQL put to the database's driver, in turn: the fastest of each."""

from __future__ import annotations

import time
from collections import namedtuple
from collections.abc import Callable
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
    """The fastest of some rounds, which other programs disturb least; the driver's rows become named tuples, too."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_others: object) -> None:
        statements.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        call()
        queries = [one for one in statements if one[0].startswith(("SELECT", "WITH"))]
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        cursor: Any = connection.connection.cursor()

        makers: dict[str, Callable[[Any], object]] = {}
        for statement, parameters in queries:
            cursor.execute(statement, parameters)
            names = [column[0] for column in cursor.description]
            makers[statement] = _named("Row", names, rename=True)._make

        def query() -> None:
            for statement, parameters in queries:
                cursor.execute(statement, parameters)
                [*map(makers[statement], cursor.fetchall())]

        # SQLite works in this thread, whose processor time other programs on the machine disturb least.
        clock = time.thread_time if engine.dialect.name == "sqlite" else time.perf_counter
        pairs = [(_timed(call, clock), _timed(query, clock)) for _ in range(rounds)]
    return Fastest(*(min(pair[index] for pair in pairs) for index in (0, 1)))


def _timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return clock() - started
