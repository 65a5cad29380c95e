"""Keeps a forked process from using or closing its parent's database connections."""

from __future__ import annotations

import os
import weakref
from typing import Any

import sqlalchemy as sa


class ForkGuard:
    """Tracks the connections of one engine from its creation on."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()
        self._kept: list[object] = []
        sa.event.listen(engine, "connect", self._connected)

    def let_go(self) -> None:
        """In the forked process: make the engine open its own connections, and leave the parent's alone.

        The parent's connections are neither closed, which would end them at the server, nor finalized. Their sockets
        are detached from this process, since the server keeps the connections' locks until no process holds the
        sockets.
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
        if hasattr(connection, "pgconn"):  # SQLite connections are referenced only by the pool
            self._connections.add(connection)
