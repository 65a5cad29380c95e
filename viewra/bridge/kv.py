"""``kv``: values that the host keeps for a plugin in its database."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from viewra.bridge.recent import MAX_BYTES as RECENT_BYTES
from viewra.bridge.recent import Recent
from viewra.codec.host.kv import MAX_VALUE_BYTES, Packed
from viewra.db.plugin_values import (
    KeptValue,
    delete_value,
    drop_expired,
    list_keys,
    read_value,
    usage,
    write_value,
)
from viewra.errors import QuotaExceeded, UsageError

MAX_KEYS = 100_000
MAX_BYTES = 64 * 1024 * 1024
"""Of one plugin's keys and values."""


def require_size(data: bytes) -> None:
    """Raise UsageError for a value that is too large to store."""
    if len(data) > MAX_VALUE_BYTES:
        raise UsageError(
            f"the value has {len(data):,} bytes; at most {MAX_VALUE_BYTES:,} are allowed",
            hint="write larger data to the plugin's own folder (context.base_path)",
        )


def new_version() -> int:
    """A version that no other change has: random, so that a key that was deleted never gets an old one again."""
    return secrets.randbelow(2**53 - 1) + 1


class KeyValueService:
    """The values of one plugin. Thread-safe; ``now`` gives seconds since the epoch."""

    def __init__(self, engine: sa.Engine, plugin_id: str, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._plugin_id = plugin_id
        self._now = now
        self._lock = threading.Lock()  # one change of a plugin at a time: a version is compared, then written
        self._room = _Room()
        self._recent = Recent(RECENT_BYTES if engine.dialect.name == "sqlite" else 0)  # hosts share PostgreSQL

    def get(self, key: str) -> Packed | None:
        """The value of a key."""
        now = self._micros()
        known, number = self._recent.find(key, now)
        if known is not None:
            return known
        found = read_value(self._engine, self._plugin_id, key.encode(), now)
        if found is None:
            return None
        value = Packed(found.data, found.is_json, found.version, found.expires_at)
        self._recent.read(key, value, number)
        return value

    def set(self, key: str, data: bytes, json: bool, ttl_s: float | None, if_version: int | None) -> int | None:
        """Store a value; returns its version, None if the key has another one than ``if_version``."""
        require_size(data)
        now = self._micros()
        value = KeptValue(data, json, new_version(), now + int(ttl_s * 1_000_000) if ttl_s is not None else None)
        stored = key.encode()
        with self._lock:
            if not self._room.takes(len(stored) + len(data)):
                self._require_room(stored, len(data), now)
            if not write_value(self._engine, self._plugin_id, stored, value, now, if_version):
                return None
            self._room.took(len(stored) + len(data))
            self._recent.written(key, Packed(data, json, value.version, value.expires_at))
        return value.version

    def delete(self, key: str, if_version: int | None) -> bool:
        """Delete a key; returns whether it was there."""
        with self._lock:
            deleted = delete_value(self._engine, self._plugin_id, key.encode(), self._micros(), if_version)
            if deleted:
                self._recent.written(key, None)
            return deleted

    def list(self, prefix: str, after: str, limit: int) -> list[str]:
        """Keys in order."""
        keys = list_keys(self._engine, self._plugin_id, prefix.encode(), after.encode(), limit, self._micros())
        return [key.decode() for key in keys]

    def _require_room(self, key: bytes, size: int, now: int) -> None:
        """Count what there is, without what has expired; raises QuotaExceeded if this has no room."""
        drop_expired(self._engine, self._plugin_id, now)
        keys, used = usage(self._engine, self._plugin_id)
        if (replaced := read_value(self._engine, self._plugin_id, key, now)) is not None:
            keys, used = keys - 1, used - len(key) - len(replaced.data)
        self._room = _Room(MAX_KEYS - keys, MAX_BYTES - used)
        if not self._room.takes(len(key) + size):
            raise QuotaExceeded(
                f"kv is full: {keys:,} of {MAX_KEYS:,} keys and {used:,} of {MAX_BYTES:,} bytes are in use",
                hint="delete keys, or give them a time to live (ttl_s)",
            )

    def _micros(self) -> int:
        return int(self._now() * 1_000_000)


class _Room:
    """How much may be written before the usage has to be counted again: counting each time would read every key.

    Each write counts as a new key, so this is never more than there is.
    """

    def __init__(self, keys: int = 0, size: int = 0) -> None:
        self._keys = keys
        self._size = size

    def takes(self, size: int) -> bool:
        return self._keys >= 1 and self._size >= size

    def took(self, size: int) -> None:
        self._keys -= 1
        self._size -= size
