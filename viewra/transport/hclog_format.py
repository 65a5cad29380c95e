"""Log lines as hclog writes them, in JSON: what a plugin writes on stderr, and a host into each plugin's log.

Apart from reading them (``hclog``), so that a plugin is quick to start.
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
    """One line of JSON, without its line end, as hclog writes it; ``timestamp`` is now unless given.

    A value that JSON cannot carry is written as its text. A Go host reads the names that begin with ``@`` itself and
    panics when one is not a string, so fields lose that sign.
    """
    head: dict[str, object] = {"@level": level, "@message": str(message)}
    if module:
        head["@module"] = module
    head["@timestamp"] = _now() if timestamp is None else _written(timestamp)
    body = {str(key).lstrip("@") or "field": value for key, value in (fields or {}).items()}
    try:
        return json.dumps({**head, **body}, default=_text, allow_nan=False)
    except (ValueError, TypeError, RecursionError):  # NaN, a cycle, a key that is no text
        return json.dumps({**head, **{key: _text(value) for key, value in body.items()}})


def _now() -> str:
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds // 1000:06}Z"


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # a field must not cost its record
        return f"<{type(value).__name__}>"
