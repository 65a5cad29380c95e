"""Delivers notifications to listeners, in order, each from its own durable cursor and in a thread of its own.

At least once: a host that dies delivers up to the last 50 notifications, or half a second's, a second time. Of hosts
that share a database one delivers to a listener at a time, and the next one goes on from where it stopped.
"""

from __future__ import annotations

import logging
import threading
import time

import sqlalchemy as sa

from viewra.db.postgresql import ListenerLock
from viewra.errors import DatabaseError, PluginClosed, PluginError, PluginUnavailable
from viewra.hookspecs import Hooks
from viewra.library import events
from viewra.library.events import StoredEvent
from viewra.services import ListenerSession

PAGE = 50
SAVE_EVERY = 50
"""A cursor is saved after so many notifications, or after ``SAVE_EVERY_S``, whichever comes first."""

SAVE_EVERY_S = 0.5
CLAIM_S = 0.2
"""How often a host looks whether it may deliver to a listener to which another one delivers."""
WATCH_S = 0.1
"""How often whoever waits for listeners looks whether to go on waiting."""

_log = logging.getLogger(__name__)


class Notifier:
    """Delivers to all listeners until ``close``. Its methods may be called from any thread."""

    def __init__(self, engine: sa.Engine, hook: Hooks) -> None:
        self._engine = engine
        self._hook = hook
        self._lock = threading.Lock()
        self._deliveries: dict[str, _Delivery] = {}

    def open(self) -> list[PluginError]:
        """Start delivery to the listeners that there are and that it does not run for; why some could not be opened.

        Called before each scan, and at the start of a host that stays: one never seen before hears what comes after
        this. Raises ``DatabaseError``.
        """
        failures = []
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

    def wait_idle(self, timeout_s: float, *, cancel: threading.Event | None = None) -> bool:
        """Wait until no open listener has anything left to hear, or can hear no more; False when time ran out.

        ``timeout_s`` may be ``math.inf``; ``cancel`` ends the wait early.
        """
        stop = cancel if cancel is not None else threading.Event()
        deadline = time.monotonic() + timeout_s
        while (waiting := self._busy()) and time.monotonic() < deadline and not stop.is_set():
            waiting[0].idle.wait(min(WATCH_S, max(0.0, deadline - time.monotonic())))
        return not self._busy()

    def _busy(self) -> list[_Delivery]:
        with self._lock:
            return [one for one in self._deliveries.values() if one.is_alive() and not one.idle.is_set()]

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
            self._deliveries[session.plugin_id] = _Delivery(self._engine, session, cursor)


class _Delivery:
    """One listener's thread."""

    def __init__(self, engine: sa.Engine, session: ListenerSession, cursor: int) -> None:
        self._engine = engine
        self._session = session
        self._cursor = cursor
        self._saved = cursor
        self._failed = 0
        self._saved_at = time.monotonic()
        # With SQLite there is no other host.
        self._claim = ListenerLock(engine, session.plugin_id) if engine.dialect.name == "postgresql" else None
        self._woken = threading.Event()
        self.idle = threading.Event()
        self._finishing = False
        self._stop = threading.Event()
        # A daemon: a listener that never answers must not keep the host from ending.
        self._thread = threading.Thread(target=self._run, name=f"listener-{session.plugin_id}", daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def wake(self) -> None:
        self.idle.clear()
        self._woken.set()

    def finish(self) -> None:
        """End when nothing waits."""
        self._finishing = True
        self._woken.set()

    def stop(self) -> None:
        """End after the notification that is under way."""
        self._stop.set()
        self._woken.set()

    def join(self, deadline: float) -> None:
        self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        try:
            self._deliver_all()
        except (PluginUnavailable, PluginClosed) as error:
            _log.warning("%s; its notifications wait", error)
        except DatabaseError as error:
            _log.error("%s; notifications of plugin %s wait", error, self._session.plugin_id)
        try:
            self._save()
        except DatabaseError as error:
            _log.error("%s; plugin %s will hear some notifications twice", error, self._session.plugin_id)
        if self._claim is not None:
            self._claim.close()

    def _deliver_all(self) -> None:
        while not self._stop.is_set():
            self._woken.clear()
            finishing = self._finishing
            if not self._may_deliver():  # another host does
                if finishing:
                    return
                self._woken.wait(CLAIM_S)
                continue
            page = events.events_after(self._engine, self._cursor, PAGE)
            for stored in page:
                if self._stop.is_set():
                    return
                self._deliver(stored)
                self._cursor = stored.id
                if self._cursor - self._saved >= SAVE_EVERY or time.monotonic() - self._saved_at >= SAVE_EVERY_S:
                    self._save()
            if not page:
                self._save()
                if self._claim is not None:
                    self._claim.give_back()
                if finishing:
                    return
                self.idle.set()
                if self._woken.is_set():  # by somebody who cleared idle before it was set here
                    self.idle.clear()
                self._woken.wait()

    def _may_deliver(self) -> bool:
        """Whether this host is the one that delivers; whoever takes over goes on from where the other one stopped."""
        if self._claim is None:
            return True
        if self._claim.held:
            self._claim.check()
        elif self._claim.take():
            self._cursor = self._saved = events.open_cursor(self._engine, self._session.plugin_id)
        return self._claim.held

    def _deliver(self, stored: StoredEvent) -> None:
        event = events.event_of(self._engine, stored)
        if event is None:
            return
        try:
            self._session.deliver(event)
        except (PluginUnavailable, PluginClosed):
            raise
        except PluginError as error:
            self._failed += 1
            _log.warning("%s; passed over: %s of scan %d", error, event.kind, event.scan_job_id)

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        if self._cursor != self._saved:
            events.save_cursor(self._engine, self._session.plugin_id, self._cursor, self._failed)
            self._saved, self._failed = self._cursor, 0
