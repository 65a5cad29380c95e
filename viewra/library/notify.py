"""Delivers notifications to all listeners, each in order, from its own durable cursor and on its own thread.

At least once: a host that is killed delivers up to the last 1,000 notifications, or a second's, a second time. Of
hosts that share a database one delivers to a listener at a time, and the next one continues where it stopped.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection

import sqlalchemy as sa

from viewra.errors import PluginError
from viewra.hookspecs import Hooks
from viewra.library import events
from viewra.library.delivery import Delivery
from viewra.library.together import Together
from viewra.library.told import Told
from viewra.services import ListenerSession

WATCH_S = 0.1
"""How often a wait for listeners checks whether to continue."""


class Notifier:
    """Delivers to all listeners until ``close``. Its methods may be called from any thread."""

    def __init__(self, engine: sa.Engine, hook: Hooks, installed: Callable[[], Collection[str]] | None = None) -> None:
        """``installed`` returns the ids of the plugins that are present, running or not; None: unknown."""
        self._engine = engine
        self._hook = hook
        self._installed = installed
        self._lock = threading.Lock()
        self._deliveries: dict[str, Delivery] = {}
        self._together = Together(engine)

    @property
    def told(self) -> Told:
        """What scans have just written, for those who hear of it at once."""
        return self._together.told

    def open(self) -> list[PluginError]:
        """Start delivery to listeners that have none yet. Returns why some could not be opened.

        Called before each scan, and at the start of a lasting host: a new listener gets the events after this. Raises
        ``DatabaseError``.
        """
        failures = []
        if self._installed is not None:
            events.see_listeners(self._engine, self._installed())
        for result in self._hook.open_listener():
            if result.error is not None:
                failures.append(result.error)
            elif result.value is not None:
                self._start(result.value)
        return failures

    def wake(self) -> None:
        """Wake the listeners' threads: there is something new to deliver."""
        with self._lock:
            deliveries = list(self._deliveries.values())
        for delivery in deliveries:
            delivery.wake()

    def pending(self) -> dict[str, int]:
        """The number of pending notifications by listener, including listeners that are not open."""
        return events.pending(self._engine)

    def wait_idle(self, timeout_s: float, *, cancel: threading.Event | None = None, stall_s: float = math.inf) -> bool:
        """Wait until no open listener has anything left, or can get more; False if time ran out.

        ``timeout_s`` may be ``math.inf``; ``cancel`` ends the wait early, as does a time of ``stall_s`` seconds in
        which no listener makes progress. Only a wait without a limit also waits for pauses between attempts.
        """
        stop = cancel if cancel is not None else threading.Event()
        deadline = time.monotonic() + timeout_s
        patient = math.isinf(timeout_s)
        passed, stalled = -1, 0.0
        while waiting := self._busy(patient=patient):
            now = time.monotonic()
            if (so_far := sum(one.passed for one in waiting)) != passed:
                passed, stalled = so_far, now + stall_s
            if now >= min(deadline, stalled) or stop.is_set():
                break
            waiting[0].idle.wait(min(WATCH_S, max(0.0, deadline - now)))
        return not self._busy(patient=patient)

    def _busy(self, *, patient: bool) -> list[Delivery]:
        with self._lock:
            return [one for one in self._deliveries.values() if one.is_busy(patient=patient)]

    def close(self, grace_s: float) -> None:
        """Deliver pending notifications for at most ``grace_s`` seconds, then stop; the next host delivers the rest.

        A delivery that the plugin has not answered by then ends with the plugin.
        """
        deadline = time.monotonic() + grace_s
        with self._lock:
            deliveries = list(self._deliveries.values())
        for delivery in deliveries:
            delivery.finish()
        for delivery in deliveries:
            delivery.join(deadline)
        for delivery in deliveries:
            delivery.stop()
        for delivery in deliveries:
            delivery.join(deadline)

    def _start(self, session: ListenerSession) -> None:
        with self._lock:
            running = self._deliveries.get(session.plugin_id)
            if running is not None and running.is_alive():
                running.wake()
                return
            cursor = events.open_cursor(self._engine, session.plugin_id)
            self._deliveries[session.plugin_id] = Delivery(self._engine, session, cursor, self._together)
