"""One channel to one incarnation of a plugin's process, with the count of its calls under way.

The supervisor makes it when a process is proven and closes it when that process is to go; adapters only borrow it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import grpc


class Connection:
    """A channel that knows how many calls are under way on it. Safe to use from any thread."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self._methods: dict[str, grpc.UnaryUnaryMultiCallable[bytes, bytes]] = {}
        self._under_way = 0
        self._changed = threading.Condition()

    def method(self, path: str) -> grpc.UnaryUnaryMultiCallable[bytes, bytes]:
        """The callable for a gRPC path; takes and gives serialized messages."""
        found = self._methods.get(path)
        if found is None:
            found = self._methods[path] = self.channel.unary_unary(path)
        return found

    def enter(self) -> None:
        """Count one call more."""
        with self._changed:
            self._under_way += 1

    def leave(self) -> None:
        """Count one call less."""
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    @contextmanager
    def one_call(self) -> Iterator[None]:
        """Count a call for as long as the block runs."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    @property
    def under_way(self) -> int:
        """How many calls are under way."""
        return self._under_way

    def drain(self, timeout_s: float) -> bool:
        """Wait until no call is under way; whether that came within ``timeout_s`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._under_way == 0, timeout_s)

    def close(self) -> None:
        """Close the channel; calls still under way fail."""
        self.channel.close()
