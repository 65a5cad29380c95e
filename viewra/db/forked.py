"""Keeps a forked process away from the database connections of the process that it was forked from."""

from __future__ import annotations

import os
import weakref
from typing import Any

import sqlalchemy as sa


class ForkGuard:
    """Knows the connections of one engine, from construction on."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()
        self._kept: list[object] = []
        sa.event.listen(engine, "connect", self._connected)

    def let_go(self) -> None:
        """In the forked process: give the engine connections of its own, and leave the others to their owner.

        They are neither closed, which would tell the server that their owner has gone, nor finalized. A socket is put
        out of this process's reach: the server would hold their locks until both processes have ended.
        """
        self._kept += [self._engine.pool, *self._connections]
        self._engine.dispose(close=False)
        nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        try:
            for connection in self._connections:
                if not connection.closed:
                    os.dup2(nowhere, connection.fileno(), inheritable=False)
        finally:
            os.close(nowhere)

    def _connected(self, connection: Any, _record: object) -> None:
        if hasattr(connection, "pgconn"):  # what SQLite opens, the pool alone keeps
            self._connections.add(connection)
