"""Joins small messages of a stream into few: while one is sent, the next ones are collected.

It relies on a property of protobuf: the bytes of messages one after the other are those of one message with the items
of all their repeated fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from queue import SimpleQueue

MESSAGE_BYTES = 256 * 1024
"""A message with as many bytes takes no further part."""


class Batches(Iterator[bytes]):
    """The messages for gRPC's sending thread, joined of the parts that any thread puts. Only one thread may take."""

    def __init__(self) -> None:
        self._parts: SimpleQueue[bytes | None] = SimpleQueue()
        self._closed = False

    def put(self, part: bytes) -> None:
        """Have this part sent, in the order of calls; parts after ``close`` are dropped."""
        self._parts.put(part)

    def close(self) -> None:
        """End the messages after the parts that have been put. May be called twice."""
        self._parts.put(None)

    def __next__(self) -> bytes:
        part = None if self._closed else self._parts.get()
        if part is None:
            self._closed = True
            raise StopIteration
        if not self._parts.qsize():
            return part
        parts, size = [part], len(part)
        while size < MESSAGE_BYTES and self._parts.qsize():
            following = self._parts.get()
            if following is None:
                self._closed = True
                break
            parts.append(following)
            size += len(following)
        return b"".join(parts)
