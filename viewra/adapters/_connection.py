"""One channel to one incarnation of a plugin's process, and how many calls are under way on it.

The supervisor makes it when a process is proven and closes it when that process is to go; adapters only borrow it.
"""

from __future__ import annotations

import threading
import time

import grpc


class Connection:
    """A channel that remembers its callables: making one costs as much as a call's own Python.

    A call is on it from ``enter`` to ``leave``: a process that is to go is stopped when the last one has left.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self._methods: dict[str, grpc.UnaryUnaryMultiCallable[bytes, bytes]] = {}
        self._closed = False
        self._lock = threading.Lock()  # entered twice by each call: a condition's own would cost twice as much
        self._left = threading.Condition(self._lock)
        self._awaited = False
        self._in_flight = 0
        self._hurried = False
        self._last_used = time.monotonic()

    def method(self, path: str) -> grpc.UnaryUnaryMultiCallable[bytes, bytes]:
        """The callable for a gRPC path; takes and gives serialized messages. Raises ValueError on a closed channel."""
        found = self._methods.get(path)
        return self._register(path) if found is None else found

    def _register(self, path: str) -> grpc.UnaryUnaryMultiCallable[bytes, bytes]:
        """As generated code does it, to save a look-up in each call; on a closed channel that kills the interpreter."""
        with self._lock:
            if self._closed:
                raise ValueError("the channel is closed")
            made: grpc.UnaryUnaryMultiCallable[bytes, bytes]
            made = self._methods[path] = self.channel.unary_unary(path, _registered_method=True)  # type: ignore[call-arg]
            return made

    def refuse(self) -> None:
        """Give no new callables: whoever closes the channel must say so first, on each of its connections."""
        with self._lock:
            self._closed = True

    def enter(self) -> Connection:
        """A call begins."""
        with self._lock:
            self._in_flight += 1
        return self

    def leave(self) -> None:
        """A call has ended."""
        with self._lock:
            self._in_flight -= 1
            self._last_used = time.monotonic()
            if self._awaited and not self._in_flight:
                self._left.notify_all()

    @property
    def in_flight(self) -> int:
        """How many calls are on it."""
        return self._in_flight

    @property
    def idle_s(self) -> float:
        """For how many seconds there has been no call; 0 while there is one."""
        with self._lock:
            return 0.0 if self._in_flight else time.monotonic() - self._last_used

    def drained(self, timeout_s: float) -> bool:
        """Wait until no call is under way, ``timeout_s`` seconds at most or until ``hurry``; whether it came about."""
        with self._left:
            self._awaited = True
            self._left.wait_for(lambda: self._hurried or not self._in_flight, timeout_s)
            return not self._in_flight

    def hurry(self) -> None:
        """Nobody is to wait any longer for the calls that are under way."""
        with self._left:
            self._hurried = True
            self._left.notify_all()
