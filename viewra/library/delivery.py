"""Delivers notifications to one listener, in order, from its durable cursor and on its own thread.

Where a listener takes batches, several go with one call. One that fails is tried again, with a pause that doubles;
after ``MAX_ATTEMPTS`` it is set aside for the operator, and the listener goes on behind it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

import sqlalchemy as sa

from viewra.db.postgresql import ListenerLock
from viewra.errors import DatabaseError, NotOffered, PluginClosed, PluginError, PluginUnavailable
from viewra.library import events, set_aside
from viewra.library.batches import Batches
from viewra.library.events import Cursor, StoredEvent
from viewra.library.together import Together
from viewra.services import ListenerSession

PAGE = 200
SAVE_EVERY = 1000
"""The cursor is saved after this many notifications, or after ``SAVE_EVERY_S``, whichever comes first."""

MOST_UNSAVED = 20_000
"""Notifications that a listener may hear without its cursor being saved; after a kill they come again."""

SAVE_EVERY_S = 1.0
CLAIM_S = 0.2
"""How often a host checks whether it may deliver to a listener that another host serves."""

MAX_ATTEMPTS = 5
"""Attempts at one notification before it is set aside."""

PAUSE_S = 1.0
"""The pause after the first failed attempt; it doubles with each further one."""

_log = logging.getLogger(__name__)


class Delivery:
    """One listener's thread, from construction to ``stop``, or to ``finish`` when nothing is pending."""

    def __init__(self, engine: sa.Engine, session: ListenerSession, cursor: Cursor, together: Together) -> None:
        self._engine = engine
        self._session = session
        self._plugin_id = session.plugin_id
        self._cursor = self._saved = 0
        self._attempts = 0
        self._retry_at = 0.0
        self._batches = Batches(together, session)
        self._take(cursor)
        self._saved_at = time.monotonic()
        self.passed = 0
        # With SQLite there is no other host.
        self._claim = ListenerLock(engine, session.plugin_id) if engine.dialect.name == "postgresql" else None
        self._woken = threading.Event()
        self.idle = threading.Event()
        self._paused = False
        self._finishing = False
        self._stop = threading.Event()
        # A daemon thread, so that a listener that never answers does not keep the host from ending.
        self._thread = threading.Thread(target=self._run, name=f"listener-{session.plugin_id}", daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def is_busy(self, *, patient: bool) -> bool:
        """Whether it has something to deliver; a pause between attempts counts only if ``patient``."""
        return self._thread.is_alive() and not self.idle.is_set() and (patient or not self._paused)

    def wake(self) -> None:
        """Wake the thread: there is something new to deliver."""
        self.idle.clear()
        self._woken.set()

    def finish(self) -> None:
        """End when nothing is pending."""
        self._finishing = True
        self._woken.set()

    def stop(self) -> None:
        """End after the notification in flight."""
        self._stop.set()
        self._woken.set()

    def join(self, deadline: float) -> None:
        """Wait for the thread's end, until ``deadline`` by ``time.monotonic``."""
        self._thread.join(max(0.0, deadline - time.monotonic()))

    # ---- the thread ----

    def _run(self) -> None:
        try:
            self._deliver_all()
        except (PluginUnavailable, PluginClosed) as error:
            # When a host ends, it also stops the plugin, and the notification in flight fails: this is not an error.
            _log.log(logging.DEBUG if self._stop.is_set() else logging.WARNING, "%s; its notifications wait", error)
        except DatabaseError as error:
            _log.error("%s; notifications of plugin %s wait", error, self._plugin_id)
        try:
            self._save()
        except DatabaseError as error:
            _log.error("%s; plugin %s will get some notifications twice", error, self._plugin_id)
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
            left = page
            while left:
                if self._stop.is_set():
                    return
                taken, error = (0, None) if self._attempts or self._retry_at else self._batches.deliver(left)
                self._advance(left[:taken])
                left = left[taken:]
                if taken and error is None:
                    continue
                if not self._pass(left[0], error):
                    return
                self._advance(left[:1])
                left = left[1:]
            if not page:
                self._save()
                self._deliver_again()
                if self._claim is not None:
                    self._claim.give_back()
                if finishing:
                    return
                self.idle.set()
                if self._woken.is_set():  # by a caller that cleared ``idle`` before it was set here
                    self.idle.clear()
                self._woken.wait()

    def _may_deliver(self) -> bool:
        """Whether this host delivers to the listener; a host that takes over continues where the other stopped."""
        if self._claim is None:
            return True
        if self._claim.held:
            self._claim.check()
        elif self._claim.take():
            self._take(events.open_cursor(self._engine, self._plugin_id))
        return self._claim.held

    def _take(self, cursor: Cursor) -> None:
        self._cursor = self._saved = cursor.event_id
        self._attempts = cursor.attempts
        # If the clock was set back, wait no longer than the longest pause.
        left_s = min(cursor.retry_at / 1e6 - time.time(), _pause_s(MAX_ATTEMPTS))
        self._retry_at = time.monotonic() + left_s if cursor.retry_at else 0.0

    def _advance(self, passed: Sequence[StoredEvent]) -> None:
        if not passed:
            return
        self._cursor = passed[-1].id
        self.passed += len(passed)
        if self._cursor - self._saved >= SAVE_EVERY or time.monotonic() - self._saved_at >= SAVE_EVERY_S:
            try:
                self._save()
            except DatabaseError as error:  # a scan writes all the time, and may keep others waiting for long
                if self._cursor - self._saved > MOST_UNSAVED:
                    raise
                _log.debug("%s; where plugin %s is will be saved later", error, self._plugin_id)

    def _pass(self, stored: StoredEvent, error: PluginError | None = None) -> bool:
        """Deliver one, until it is heard or set aside; False when the host ends before that.

        ``error``: what a first attempt has just failed with.
        """
        while error is not None or self._await_retry():
            if error is None:
                began = time.monotonic()
                error = self._deliver(stored)
                self._batches.adapt(time.monotonic() - began)
            if error is None:
                self._attempts = 0
                return True
            # The attempt with others counts, too: each costs the plugin its process, or brings its breaker nearer.
            self._attempts += 2 if stored.id <= self._batches.suspect_until else 1
            self._batches.suspect_until = 0
            if self._attempts >= MAX_ATTEMPTS:
                set_aside.put(self._engine, self._plugin_id, stored.id, self._attempts, error.message)
                what = f"set aside after {self._attempts} attempts: {stored.kind} of scan {stored.scan_job_id}"
                _log.warning("%s; %s; see: viewra plugins events %s", error, what, self._plugin_id)
                self._attempts = 0
                return True
            pause_s = _pause_s(self._attempts)
            if self._attempts == 1:
                _log.warning("%s; tried again in %g s: %s of scan %d", error, pause_s, stored.kind, stored.scan_job_id)
            self._save()
            at = time.time_ns() // 1000 + int(pause_s * 1e6)
            set_aside.note_attempt(self._engine, self._plugin_id, self._attempts, at, error.message)
            self._retry_at = time.monotonic() + pause_s
            error = None
        return False

    def _await_retry(self) -> bool:
        """Wait until the next attempt is due; False if the host ends before that."""
        self._paused = True
        try:
            while (left_s := self._retry_at - time.monotonic()) > 0:
                if self._finishing or self._stop.is_set():
                    return False
                self._woken.wait(left_s)
                self._woken.clear()
        finally:
            self._paused = False
        self._retry_at = 0.0
        return not self._stop.is_set()

    def _deliver_again(self) -> None:
        """Deliver set-aside notifications again if the operator requested it."""
        after = 0
        while page := set_aside.due(self._engine, self._plugin_id, after, PAGE):
            for stored in page:
                if self._stop.is_set():
                    return
                error = self._deliver(stored)
                if error is None:
                    set_aside.take_back(self._engine, self._plugin_id, stored.id)
                else:
                    _log.warning("%s; stays set aside: %s of scan %d", error, stored.kind, stored.scan_job_id)
                    set_aside.put(self._engine, self._plugin_id, stored.id, MAX_ATTEMPTS + 1, error.message)
                after = stored.id
                self.passed += 1

    def _deliver(self, stored: StoredEvent) -> PluginError | None:
        """One attempt; gives the error of one that failed at this notification, raises when the plugin is not there."""
        (event,) = events.events_of(self._engine, [stored])
        if event is None:
            return None
        try:
            self._session.deliver(event)
        except NotOffered:  # the listener does not want this kind of event
            return None
        except PluginClosed:
            raise
        except PluginUnavailable as error:
            if not error.in_call:
                raise
            return error  # this notification may have crashed it
        except PluginError as error:
            return error
        return None

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        if self._cursor != self._saved:
            events.save_cursor(self._engine, self._plugin_id, self._cursor)
            self._saved = self._cursor


def _pause_s(attempts: int) -> float:
    """The pause in seconds after this many failed attempts."""
    return PAUSE_S * 2.0 ** (attempts - 1)
