"""``self.host.kv`` and ``self.host.cache``: values by key."""

from __future__ import annotations

from typing import TypeVar

from viewra.codec.host.kv import MAX_KEYS, KeyValueMethods, pack
from viewra.sdk.host.asking import Asking, Client
from viewra.types import StoredValue

T = TypeVar("T")


class KeyValues(Client):
    """Values of one plugin by key, shared by all of its processes.

    A key is text of 1 to 512 bytes, a value bytes or JSON data of at most 1 MiB. ``kv`` keeps values until they are
    deleted or expire, and when the plugin is uninstalled with ``--keep-data``; it holds 64 MiB and 100,000 keys, and
    raises QuotaExceeded beyond. ``cache`` holds 16 MiB in the host's memory: it drops the values that were not used for
    longest, and all of them when the host ends.
    """

    def __init__(self, asking: Asking, methods: KeyValueMethods) -> None:
        super().__init__(asking)
        self._methods = methods

    def get(self, key: str, default: T | None = None) -> object | T:
        """The value of a key, or ``default``. JSON data comes back as JSON has it: a tuple as a list."""
        found = self.entry(key)
        return default if found is None else found.value

    def entry(self, key: str) -> StoredValue | None:
        """The value of a key with its version, for ``if_version``; None if there is none."""
        found: StoredValue | None = self._ask(self._methods.get, {"key": key})
        return found

    def set(self, key: str, value: object, *, ttl_s: float | None = None, if_version: int | None = None) -> int | None:
        """Store a value, for ``ttl_s`` seconds or without end; returns its version.

        With ``if_version`` only if the key has this version now (0: no value); else nothing changes, and it returns
        None.
        """
        data, is_json = pack(value)
        arguments: dict[str, object] = {"key": key, "json": is_json}
        if ttl_s is not None:
            arguments["ttl_s"] = ttl_s
        if if_version is not None:
            arguments["if_version"] = if_version
        version: int | None = self._ask(self._methods.set, arguments, data)
        return version

    def delete(self, key: str, *, if_version: int | None = None) -> bool:
        """Delete a key, with ``if_version`` only if it has this version. Returns whether it deleted one."""
        arguments: dict[str, object] = {"key": key}
        if if_version is not None:
            arguments["if_version"] = if_version
        return bool(self._ask(self._methods.delete, arguments))

    def list(self, prefix: str = "", *, after: str = "", limit: int = MAX_KEYS) -> tuple[str, ...]:
        """The keys with this prefix in the order of their UTF-8 bytes, from the one behind ``after`` on.

        At most ``limit`` (1 to 1,000): for more, call again with the last key as ``after``.
        """
        return tuple(self._ask(self._methods.list, {"prefix": prefix, "after": after, "limit": limit}))
