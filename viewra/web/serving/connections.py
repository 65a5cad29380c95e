"""Limits on connections: those that send no whole request, or do not read, must not keep others out."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0
"""Seconds for the head of a request."""
STALLED_S = 300.0
"""Seconds for which a client may read nothing of an answer; ``request.state.stalled_s`` of an answer replaces it."""
MOST = 4096
KEPT_BACK = 256
"""Descriptors that connections leave to plugins, files and the database."""


class Guard:
    """The connections of one server. ``most`` of them may be open; those without a whole request make room for others.

    The one that has sent nothing for the longest time goes first.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most if most is not None else room()
        self._open: set[GuardedProtocol] = set()
        self._waiting: dict[GuardedProtocol, None] = {}

    def add(self, connection: GuardedProtocol) -> None:
        """A connection was made, and has no request yet."""
        self._open.add(connection)
        self._waiting[connection] = None
        if len(self._open) > self.most:
            next(iter(self._waiting)).abort()

    def has_request(self, connection: GuardedProtocol) -> None:
        """A request has arrived, with its body."""
        self._waiting.pop(connection, None)

    def has_sent(self, connection: GuardedProtocol) -> None:
        """A part of a request has arrived."""
        self._waiting.pop(connection, None)
        self.waits(connection)

    def waits(self, connection: GuardedProtocol) -> None:
        """Its request was answered, or is not whole yet."""
        if connection in self._open:
            self._waiting[connection] = None

    def remove(self, connection: GuardedProtocol) -> None:
        """It was lost."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)

    @property
    def open(self) -> int:
        """How many there are."""
        return len(self._open)


class _Deadline:
    """Calls something after some seconds, unless it is stopped before.

    It holds nothing when it is stopped: the garbage collector has to look for connections that hold themselves,
    which holds up all requests.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def start(self, seconds: float, over: Callable[[], None]) -> None:
        """Begin to count, unless it counts already; ``over`` is called at the end."""
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, over)

    def stop(self) -> None:
        """Do not count any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class GuardedProtocol(H11Protocol):
    """uvicorn's connection, with limits."""

    guard: Guard

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = _Deadline(self.loop)
        self._stalled = _Deadline(self.loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self._head.start(HEAD_S, self.abort)
        self.guard.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self.guard.remove(self)
        self._head.stop()
        self._stalled.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of a request has arrived."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """A request was answered; the next may have arrived already."""
        super().on_response_complete()
        self.guard.waits(self)
        self._look()

    def pause_writing(self) -> None:
        """The client does not read as fast as the answer is made."""
        super().pause_writing()
        self._stalled.start(self.scope["state"].get("stalled_s", STALLED_S), self.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        self._stalled.stop()
        super().resume_writing()

    def abort(self) -> None:
        """Drop the connection."""
        self.guard.remove(self)
        if not self.transport.is_closing():
            self.transport.abort()

    def _look(self) -> None:
        """Take the time for the head of a request from when its first byte has arrived."""
        answering = getattr(self.cycle, "response_complete", True) is False
        if answering:
            self._head.stop()
            if self.cycle.more_body:
                self.guard.has_sent(self)
            else:
                self.guard.has_request(self)
        elif self.timeout_keep_alive_task is None and not self.transport.is_closing():
            self._head.start(HEAD_S, self.abort)


def protocol_of(guard: Guard) -> type[GuardedProtocol]:
    """The class of the connections that ``guard`` limits."""
    return type("Connection", (GuardedProtocol,), {"guard": guard})


def room() -> int:
    """How many connections this process can hold besides its other descriptors."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else max(16, min(MOST, soft - KEPT_BACK))
