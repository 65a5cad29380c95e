"""Delivers several notifications to a listener with one call, as many as it is quick with."""

from __future__ import annotations

import time
from collections.abc import Sequence

from viewra.errors import PluginClosed, PluginError, PluginFault, PluginTimeout, PluginUnavailable
from viewra.library.events import StoredEvent
from viewra.library.together import Together
from viewra.services import BatchListenerSession, ListenerSession

MOST = 200
"""Notifications that one call may have."""

QUICK_S, SLOW_S = 0.25, 0.5
"""Seconds of a call: after a quicker one twice as many notifications go into the next, after a slower one half."""

FIRST_PENALTY = 16
"""Notifications that are delivered alone after a first call that failed as a whole; twice as many after each more."""


class Batches:
    """What one listener takes at once.

    ``suspect_until`` is the last event of a call that ended the plugin or got no answer in time, else 0.
    """

    def __init__(self, together: Together, session: ListenerSession) -> None:
        self._together = together
        self._session = session
        self._size = 1
        self._alone_for = 0
        self._penalty = FIRST_PENALTY
        self._alone: set[type] = set()  # kinds of which it takes no batches
        self.suspect_until = 0

    def deliver(self, page: Sequence[StoredEvent]) -> tuple[int, PluginError | None]:
        """Deliver the first ones; gives how many were taken, and why the next one was not.

        None taken and no error: the first one is to be delivered alone. So is each one after a call that failed as a
        whole, until calls are quick again: a deadline is for a call, and the one to blame has to be found. Raises
        ``PluginUnavailable`` or ``PluginClosed`` when the plugin is not there, and ``DatabaseError``.
        """
        session = self._session
        if self._size < 2 or not isinstance(session, BatchListenerSession):
            return 0, None
        length, numbers, events = self._together.some(page[: self._size])
        if not events:  # none of the files is there now
            return length, None
        kind = type(events[0])
        if kind in self._alone or len(events) < 2:
            return 0, None
        began = time.monotonic()
        try:
            answers = session.deliver_batch(events)
        except PluginClosed:
            raise
        except PluginUnavailable as error:
            if not error.in_call:
                raise
            return self._find_culprit(page[length - 1].id)
        except PluginTimeout:
            return self._find_culprit(page[length - 1].id)
        except PluginError:
            return self._find_culprit()
        if not answers:
            self._alone.add(kind)
            return 0, None
        self.adapt(time.monotonic() - began)
        for n, answer in zip(numbers, answers, strict=True):
            if answer:
                return n, PluginFault(session.plugin_id, answer)
        return length, None

    def _find_culprit(self, suspect_until: int = 0) -> tuple[int, None]:
        """Deliver one at a time from now on."""
        self.suspect_until = suspect_until
        self._size = 1
        self._alone_for = self._penalty
        self._penalty *= 2
        return 0, None

    def adapt(self, took_s: float) -> None:
        """Deliver more at once where a call is quick, fewer where it is slow."""
        if self._alone_for:
            self._alone_for -= 1
        elif took_s < QUICK_S:
            self._size = min(MOST, 2 * self._size)
        elif took_s > SLOW_S:
            self._size = max(1, self._size // 2)
