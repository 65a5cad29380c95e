"""When a request is sent again: which methods, after which answers, and after how long a pause."""

from __future__ import annotations

import random
from collections.abc import Mapping

from viewra.retry_after import retry_after_s

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
BUSY = frozenset({429, 502, 503, 504})
"""Statuses with which a server says that it would answer later."""
_FIRST_S = 0.5
_LONGEST_S = 60.0


def pause_s(attempt: int, headers: Mapping[str, str], *, now: float | None = None) -> float:
    """Seconds to wait after a failed attempt, counted from 0: what the server asks for, else longer each time."""
    wished = retry_after_s(headers.get("retry-after", ""), now=now)
    if wished is not None:
        return wished
    longest = min(_LONGEST_S, _FIRST_S * 2.0**attempt)
    return random.uniform(longest / 2, longest)  # noqa: S311 - so that several do not come at the same time
