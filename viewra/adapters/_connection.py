"""One channel to one incarnation of a plugin's process, with the count of its calls under way.

The supervisor makes it when a process is proven and closes it when that process is to go; adapters only borrow it.
"""

from __future__ import annotations

import threading

import grpc


class Connection:
    """A channel that knows how many calls are under way on it. Safe to use from any thread."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self._methods: dict[str, grpc.UnaryUnaryMultiCallable[bytes, bytes]] = {}
        self._under_way = 0
        self._lock = threading.Lock()  # each call takes it twice: a condition would cost four times as much
        self._idle = threading.Condition(self._lock)
        self._waiting = 0

    def method(self, path: str) -> grpc.UnaryUnaryMultiCallable[bytes, bytes]:
        """The callable for a gRPC path; takes and gives serialized messages."""
        found = self._methods.get(path)
        if found is None:
            found = self._methods[path] = self.channel.unary_unary(path)
        return found

    def enter(self) -> None:
        """Count one call more."""
        with self._lock:
            self._under_way += 1

    def leave(self) -> None:
        """Count one call less."""
        with self._lock:
            self._under_way -= 1
            if self._waiting and not self._under_way:
                self._idle.notify_all()

    @property
    def under_way(self) -> int:
        """How many calls are under way."""
        return self._under_way

    def drain(self, timeout_s: float) -> bool:
        """Wait until no call is under way; whether that came within ``timeout_s`` seconds."""
        with self._idle:
            self._waiting += 1
            try:
                return self._idle.wait_for(lambda: self._under_way == 0, timeout_s)
            finally:
                self._waiting -= 1

    def close(self) -> None:
        """Close the channel; calls still under way fail."""
        self.channel.close()
