"""Data of plugins that the host keeps or passes on as JSON: of tasks, schedules and events."""

from __future__ import annotations

import json
import re

from viewra.codec.rpc import InvalidValue

MAX_BYTES = 64 * 1024
MAX_DEPTH = 100
"""Lists and objects in each other: others that read it, with less room on their stacks, must not fail at it."""
_PLAIN = re.compile(r'"(?:[^"\\]|\\.)*"|[^][{}"]+')


def json_data(value: object, field: str) -> bytes:
    """A value as JSON; raises InvalidValue for what JSON does not have, for too much and for too deep."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(field, f"is not what JSON has: {error}"[:300]) from error
    data = text.encode("utf-8", "backslashreplace")  # JSON has escapes for surrogates, and UTF-8 nothing
    if len(data) > MAX_BYTES:
        raise InvalidValue(field, f"has {len(data):,} bytes as JSON; at most {MAX_BYTES:,} are allowed")
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise InvalidValue(field, f"has more than {MAX_DEPTH} lists and objects in each other")
    return data


def _depth(text: str) -> int:
    deepest = depth = 0
    for bracket in _PLAIN.sub("", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest
