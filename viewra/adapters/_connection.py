"""A connection to one process of a plugin, and the number of calls in flight on it.

The supervisor makes it when a process has proven to work, and closes it before that process is stopped; adapters only
borrow it.
"""

from __future__ import annotations

import threading
import time

from viewra.transport.calls import Stream, Wire

STREAMS_S = 300.0
"""Seconds that a stream goes on when its process is to end: some would never end by themselves."""


class Connection:
    """A connection to a process over any ``wire``. ``method`` and ``streaming`` return procedures at a path.

    A call is in flight from ``enter`` to ``leave``: a process is stopped after the last call has left.
    """

    def __init__(self, wire: Wire) -> None:
        self.method = wire.method
        self.streaming = wire.streaming
        self._lock = threading.Lock()  # each call takes it twice; a condition's own lock would cost twice as much
        self._left = threading.Condition(self._lock)
        self._awaited = False
        self._in_flight = 0
        self._hurried = False
        self._last_used = time.monotonic()
        self._streams: set[Stream] = set()

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
        """The number of calls in flight."""
        return self._in_flight

    @property
    def idle_s(self) -> float:
        """Seconds since the last call; 0 while a call is in flight."""
        with self._lock:
            return 0.0 if self._in_flight else time.monotonic() - self._last_used

    def carry(self, stream: Stream) -> None:
        """A stream has been opened by a call that has entered, which leaves when the stream is over."""
        with self._lock:
            self._streams.add(stream)
        stream.when_over(lambda: self._let_go(stream))

    def _let_go(self, stream: Stream) -> None:
        with self._lock:
            self._streams.discard(stream)
        self.leave()

    def drained(self, timeout_s: float, streams_s: float = STREAMS_S) -> bool:
        """Wait until none is in flight, ``timeout_s`` seconds at most or until ``hurry``. Returns whether none is.

        Streams are ended after ``streams_s`` seconds.
        """
        with self._left:
            self._awaited = True
            self._left.wait_for(self._done_waiting, min(timeout_s, streams_s))
            streams = [] if self._done_waiting() or timeout_s <= streams_s else list(self._streams)
        for stream in streams:
            stream.cancel()
        with self._left:
            self._left.wait_for(self._done_waiting, max(0.0, timeout_s - streams_s))
            return not self._in_flight

    def _done_waiting(self) -> bool:
        return self._hurried or not self._in_flight

    def hurry(self) -> None:
        """End every wait in ``drained``, now and from now on."""
        with self._left:
            self._hurried = True
            self._left.notify_all()
