"""``Reach``: tells an outage of a server from a request that it cannot answer."""

from __future__ import annotations

import threading

_FIRST_S, _LONGEST_S = 60.0, 3600.0


class Reach:
    """Which servers answer, as far as the tasks of this process know. Thread-safe.

    A request that fails right after others were answered is at fault itself: its task may fail, and be set aside in the
    end. When several fail in a row, or the first, nothing answers, and the tasks should wait (``Later``).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: dict[str, int] = {}  # requests in a row

    def answered(self, server: str = "") -> None:
        """A server has answered as it should."""
        with self._lock:
            self._failed[server] = 0

    def failed(self, server: str = "") -> float:
        """A request failed: the seconds until the server may answer again, from a minute to an hour; 0: no outage."""
        with self._lock:
            failed = self._failed.get(server, 1) + 1  # as far as was known, nothing answered
            self._failed[server] = failed
        return 0.0 if failed == 1 else min(_LONGEST_S, _FIRST_S * 2.0 ** min(failed - 2, 10))
