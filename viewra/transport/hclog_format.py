"""Formats log lines as hclog's JSON, for a plugin's stderr and for the host's log of each plugin.

``hclog`` parses them. The two are separate, so that a plugin's process loads only this one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Level = Literal["trace", "debug", "info", "warn", "error"]


def format_record(
    level: Level,
    message: str,
    *,
    module: str = "",
    timestamp: datetime | None = None,
    fields: Mapping[str, object] | None = None,
) -> str:
    """One line of hclog's JSON, without its line end; ``timestamp`` defaults to now.

    A value that JSON cannot represent is written as text. A Go host interprets names that begin with ``@`` and panics
    if their value is not a string, so a leading ``@`` is removed from the names of fields.
    """
    head: dict[str, object] = {"@level": level, "@message": str(message)}
    if module:
        head["@module"] = module
    head["@timestamp"] = _now() if timestamp is None else _written(timestamp)
    body = {str(key).lstrip("@") or "field": value for key, value in (fields or {}).items()}
    try:
        return json.dumps({**head, **body}, default=_text, allow_nan=False)
    except (ValueError, TypeError, RecursionError):  # NaN, a cycle, a key that is not a string
        return json.dumps({**head, **{key: _text(value) for key, value in body.items()}})


def _now() -> str:
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds // 1000:06}Z"


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # a bad field must not lose the record
        return f"<{type(value).__name__}>"
