"""How the database answers what the library asks."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa


def asked(engine: sa.Engine, call: Callable[[], object]) -> list[tuple[str, object]]:
    """Call, and return the statements of that with their parameters."""
    found: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, text: str, values: object, *_others: object) -> None:
        found.append((text, values))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return found


def plan(engine: sa.Engine, call: Callable[[], object]) -> str:
    """Return the database's plan of the last statement of a call, as for tables with many rows."""
    text, values = asked(engine, call)[-1]
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()  # type: ignore[arg-type]
            return "\n".join(row[3] for row in rows)
        # Of a few rows it would rather read and sort all.
        for name in ("enable_seqscan", "enable_sort", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"):
            connection.exec_driver_sql(f"SET LOCAL {name} = off")
        rows = connection.exec_driver_sql(f"EXPLAIN {text}", values).all()  # type: ignore[arg-type]
        return "\n".join(row[0] for row in rows)
