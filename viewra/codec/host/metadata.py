"""``self.host.metadata``: what a plugin found about files outside a scan, for a plugin with ``library:write``."""

from __future__ import annotations

import json
from typing import Any

from viewra.codec import checks
from viewra.codec.host.method import HostMethod
from viewra.codec.limits import Limits, limited
from viewra.codec.metadata_scraper import check_metadata
from viewra.codec.rpc import InvalidValue
from viewra.types.values import Value

WRITE = "library:write"
MAX_FILES = 100
"""Files in one request."""
MAX_BYTES = 256 * 1024
"""Of one file's metadata, as JSON."""
_LIMITS = Limits()


def _files(value: object, field: str) -> dict[int, dict[str, Value]]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_FILES:
        raise InvalidValue(field, f"must be a list of 1 to {MAX_FILES} files")
    found: dict[int, dict[str, Value]] = {}
    for index, one in enumerate(value):
        place = f"{field}[{index}]"
        if not isinstance(one, dict) or one.keys() != {"id", "metadata"}:
            raise InvalidValue(place, "must have an id and metadata")
        number = checks.identifier(one["id"], f"{place}.id")
        if number in found:
            raise InvalidValue(f"{place}.id", f"{number} is there twice")
        found[number] = _metadata(one["metadata"], f"{place}.metadata")
    return found


def _metadata(value: object, field: str) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise InvalidValue(field, "must be a mapping of text to a text or several")
    with limited(_LIMITS):
        found = check_metadata(value, field)
    for name, one in found.items():
        if not name or not one:
            raise InvalidValue(f"{field}[{name[:100]}]", "is empty: leave it out")
    if (size := len(json.dumps(found, ensure_ascii=False).encode())) > MAX_BYTES:
        raise InvalidValue(field, f"has {size:,} bytes; at most {MAX_BYTES:,} are allowed")
    return found


PUT: HostMethod[Any] = HostMethod("metadata.put", {"files": _files}, permission=WRITE)
ALL = (PUT,)
