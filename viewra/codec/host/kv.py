"""``self.host.kv`` and ``self.host.cache``: values by key, with the same methods."""

from __future__ import annotations

import json
from typing import Any

import attrs

from viewra.codec import checks
from viewra.codec.host.method import Answered, HostMethod, number, optional
from viewra.codec.rpc import InvalidValue
from viewra.errors import UsageError
from viewra.types import StoredValue

MAX_KEY_BYTES = 512
MAX_VALUE_BYTES = 1024 * 1024
MAX_KEYS = 1000
"""Keys in one answer of ``list``."""
MAX_TTL_S = 100 * 365 * 86_400.0
MAX_VERSION = 2**53 - 1
"""Versions fit into the numbers of JSON in any language."""


@attrs.frozen
class Packed:
    """A value as it is stored: its bytes, and whether they are JSON. ``version`` differs with each change."""

    data: bytes
    is_json: bool
    version: int = 0
    expires_at: int | None = None


def pack(value: object) -> tuple[bytes, bool]:
    """A value's bytes, and whether they are JSON; raises UsageError for one that is neither bytes nor JSON data."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value), False
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(), True
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"a value of type {type(value).__name__} cannot be stored: {error}",
            hint="store bytes, or what JSON has: texts, numbers, True, False, None, lists, dicts with text keys",
        ) from error


def _key(value: object, field: str) -> str:
    key = checks.required(value, field)
    if len(key.encode()) > MAX_KEY_BYTES:
        raise InvalidValue(field, f"has more than {MAX_KEY_BYTES} bytes")
    return key


def _prefix(value: object, field: str) -> str:
    return _key(value, field) if value else ""


def _encode_found(found: Packed | None) -> Answered:
    if found is None:
        return None, b""
    return {"json": found.is_json, "version": found.version, "expires_at": found.expires_at}, found.data


def _decode_found(value: Any, data: bytes) -> StoredValue | None:
    if value is None:
        return None
    return StoredValue(json.loads(data) if value["json"] else data, value["version"], value["expires_at"])


class KeyValueMethods:
    """The methods of one service of this kind."""

    def __init__(self, service: str) -> None:
        self.get: HostMethod[Any] = HostMethod(
            f"{service}.get", {"key": _key}, quick=True, encode=_encode_found, decode=_decode_found
        )
        self.set: HostMethod[Any] = HostMethod(
            f"{service}.set",
            {
                "key": _key,
                "json": checks.boolean,
                "ttl_s": optional(number(0.001, MAX_TTL_S)),
                "if_version": optional(lambda value, field: checks.whole(value, field, least=0, most=MAX_VERSION)),
            },
            takes_data=True,
        )
        self.delete: HostMethod[Any] = HostMethod(
            f"{service}.delete",
            {
                "key": _key,
                "if_version": optional(lambda value, field: checks.whole(value, field, least=0, most=MAX_VERSION)),
            },
        )
        self.list: HostMethod[Any] = HostMethod(
            f"{service}.list",
            {
                "prefix": _prefix,
                "after": _prefix,
                "limit": lambda value, field: checks.whole(value, field, least=1, most=MAX_KEYS),
            },
        )
        self.all = (self.get, self.set, self.delete, self.list)


KV = KeyValueMethods("kv")
CACHE = KeyValueMethods("cache")
