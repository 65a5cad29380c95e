"""``cache``: values that the host keeps for a plugin in its memory, as long as there is room."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from viewra.bridge.kv import new_version, require_size
from viewra.codec.host.kv import Packed

MAX_BYTES = 16 * 1024 * 1024
"""Of one plugin's keys and values."""
_ENTRY_BYTES = 200  # what a key takes beside its own bytes


class CacheService:
    """The cached values of one plugin. Thread-safe; ``now`` gives seconds since the epoch."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, Packed] = OrderedDict()  # that was used last comes last
        self._size = 0

    def get(self, key: str) -> Packed | None:
        """The value of a key, which counts as used."""
        with self._lock:
            found = self._living(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def set(self, key: str, data: bytes, json: bool, ttl_s: float | None, if_version: int | None) -> int | None:
        """Store a value; returns its version, None if the key has another one than ``if_version``."""
        require_size(data)
        expires_at = int((self._now() + ttl_s) * 1_000_000) if ttl_s is not None else None
        value = Packed(data, json, new_version(), expires_at)
        with self._lock:
            if not self._has(key, if_version):
                return None
            self._drop(key)
            self._entries[key] = value
            self._size += _size(key, value)
            while self._size > MAX_BYTES:
                self._drop(next(iter(self._entries)))
        return value.version

    def delete(self, key: str, if_version: int | None) -> bool:
        """Delete a key; returns whether it was there."""
        with self._lock:
            if self._living(key) is None or not self._has(key, if_version):
                return False
            self._drop(key)
            return True

    def list(self, prefix: str, after: str, limit: int) -> list[str]:
        """Keys in the order of their bytes."""
        with self._lock:
            keys = [key for key in list(self._entries) if key.startswith(prefix) and self._living(key) is not None]
        return sorted((key for key in keys if key.encode() > after.encode()), key=str.encode)[:limit]

    def _living(self, key: str) -> Packed | None:
        found = self._entries.get(key)
        if found is not None and found.expires_at is not None and found.expires_at <= self._now() * 1_000_000:
            self._drop(key)
            return None
        return found

    def _has(self, key: str, version: int | None) -> bool:
        found = self._living(key)
        return version is None or version == (found.version if found is not None else 0)

    def _drop(self, key: str) -> None:
        dropped = self._entries.pop(key, None)
        if dropped is not None:
            self._size -= _size(key, dropped)


def _size(key: str, value: Packed) -> int:
    return len(key.encode()) + len(value.data) + _ENTRY_BYTES
