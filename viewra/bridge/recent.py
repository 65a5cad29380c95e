"""``Recent``: the values of a plugin that were read or written last, so that reading them again asks no database.

It is for databases with one host: that one alone writes the values, so they are those of the database.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from viewra.codec.host.kv import Packed

MAX_BYTES = 1024 * 1024
_ENTRY_BYTES = 200  # what an entry takes beside key and value


class Recent:
    """Values by key, at most ``most`` bytes of them. Thread-safe."""

    def __init__(self, most: int = MAX_BYTES) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, Packed] = OrderedDict()  # that was used last comes last
        self._size = 0
        self._changes = 0

    def find(self, key: str, now: int) -> tuple[Packed | None, int]:
        """The value that is known, and a number to give to ``read`` together with one from the database."""
        with self._lock:
            found = self._entries.get(key)
            if found is not None and found.expires_at is not None and found.expires_at <= now:
                self._drop(key)
                found = None
            elif found is not None:
                self._entries.move_to_end(key)
            return found, self._changes

    def read(self, key: str, value: Packed, number: int) -> None:
        """Note a value of the database, unless a change was made since ``find`` gave this number."""
        with self._lock:
            if number == self._changes:
                self._put(key, value)

    def written(self, key: str, value: Packed | None) -> None:
        """Note a change: the new value, None for a key that was deleted."""
        with self._lock:
            self._changes += 1
            self._drop(key)
            if value is not None:
                self._put(key, value)

    def _put(self, key: str, value: Packed) -> None:
        self._drop(key)
        self._entries[key] = value
        self._size += _size(key, value)
        while self._size > self._most:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        dropped = self._entries.pop(key, None)
        if dropped is not None:
            self._size -= _size(key, dropped)


def _size(key: str, value: Packed) -> int:
    return len(key) + len(value.data) + _ENTRY_BYTES
