"""Delivers notifications to listeners, in order, each from its own durable cursor and in a thread of its own.

At least once: a host that dies delivers up to the last 50 notifications, or half a second's, a second time. Of hosts
that share a database one delivers to a listener at a time, and the next one goes on from where it stopped.
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
from viewra.services import ListenerSession

WATCH_S = 0.1
"""How often a wait for listeners looks whether to go on."""


class Notifier:
    """Delivers to all listeners until ``close``. Its methods may be called from any thread."""

    def __init__(self, engine: sa.Engine, hook: Hooks, installed: Callable[[], Collection[str]] | None = None) -> None:
        """``installed`` gives the ids of the plugins that are there, those that do not run too; None: not known."""
        self._engine = engine
        self._hook = hook
        self._installed = installed
        self._lock = threading.Lock()
        self._deliveries: dict[str, Delivery] = {}

    def open(self) -> list[PluginError]:
        """Start delivery to the listeners that there are and that it does not run for; why some could not be opened.

        Called before each scan, and at the start of a host that stays: one never seen before hears what comes after
        this. Raises ``DatabaseError``.
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
        """There is something new to deliver."""
        with self._lock:
            deliveries = list(self._deliveries.values())
        for delivery in deliveries:
            delivery.wake()

    def pending(self) -> dict[str, int]:
        """How many notifications wait, by listener; also those of listeners that are not open."""
        return events.pending(self._engine)

    def wait_idle(self, timeout_s: float, *, cancel: threading.Event | None = None, stall_s: float = math.inf) -> bool:
        """Wait until no open listener has anything left to hear, or can hear no more; False when time ran out.

        ``timeout_s`` may be ``math.inf``; ``cancel`` ends the wait early, and so does it when no listener gets any
        further for ``stall_s`` seconds. Only a wait without a bound waits for a pause between attempts, too.
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
        """Deliver what waits, for at most ``grace_s`` seconds, then stop; what is left is delivered by the next host.

        A delivery that the plugin has not answered by then ends when the plugin does.
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
            self._deliveries[session.plugin_id] = Delivery(self._engine, session, cursor)
