"""``Subscriber``: what one plugin has not heard of yet, and the thread that tells it while there is something."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

import attrs

from viewra.errors import ViewraError
from viewra.events import SUBSCRIBE, covers
from viewra.host.installed.grants import asked
from viewra.host.plugin import Plugin
from viewra.types import Event, PluginState

MOST = 1000
MOST_BYTES = 8 * 1024 * 1024
"""What is kept for a plugin that is slow, or not there for a moment; beyond that the oldest events are dropped."""
TOGETHER = 100
TOGETHER_BYTES = 1024 * 1024
"""What is told at a time to a plugin that takes several events; a single larger one is told by itself."""
COMING = frozenset({PluginState.STARTING, PluginState.DRAINING, PluginState.CRASHED, PluginState.BACKOFF})
"""States in which a plugin may serve again soon: events wait for it."""

log = logging.getLogger("viewra.host")


class Published(NamedTuple):
    """An event that waits: its ``data`` is JSON, which takes less memory than what it stands for."""

    name: str
    data: bytes
    source: str
    at: int


class Subscriber:
    """The events for one plugin, in order. Thread-safe."""

    def __init__(self, plugin_id: str, plugins: Callable[[], Mapping[str, Plugin]]) -> None:
        self.dropped = 0
        self._plugin_id = plugin_id
        self._plugins = plugins
        self._lock = threading.Lock()
        self._waiting: deque[Published] = deque()
        self._bytes = 0
        self._dropped_before = 0  # before the next event that it hears of
        self._thread: threading.Thread | None = None
        self._is_over = False
        self._is_failing = False
        self._is_behind = False

    def add(self, event: Published) -> None:
        """Have it told of an event."""
        with self._lock:
            self._waiting.append(event)
            self._bytes += len(event.data)
            while len(self._waiting) > MOST or (self._bytes > MOST_BYTES and len(self._waiting) > 1):
                self._bytes -= len(self._waiting.popleft().data)
                self.dropped += 1
                self._dropped_before += 1
                if not self._is_behind:
                    log.warning("plugin %s is too slow for its events: the oldest are dropped", self._plugin_id)
                self._is_behind = True
            self._go_on()

    def go_on(self) -> None:
        """Tell it what waits if it runs now; forget what waits if it has ended."""
        with self._lock:
            self._go_on()

    def end(self) -> None:
        """Tell it nothing more."""
        with self._lock:
            self._is_over = True
            self._forget()

    def join(self, until: float) -> bool:
        """Wait for its thread until ``until`` (monotonic seconds); whether it has ended, or is the caller's own."""
        with self._lock:
            thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(max(0.0, until - time.monotonic()))
        return not thread.is_alive()

    def _go_on(self) -> None:
        if self._waiting and self._thread is None and self._can_hear():
            # A daemon thread, so that an object in this process that never returns does not keep it from ending.
            thread = threading.Thread(target=self._run, name=f"events-{self._plugin_id}", daemon=True)
            thread.start()
            self._thread = thread

    def _can_hear(self) -> bool:
        """Whether it runs; forgets what waits for a plugin that will not soon."""
        plugin = self._plugins().get(self._plugin_id)
        state = plugin.state if plugin is not None else PluginState.STOPPED
        if self._is_over or (state is not PluginState.RUNNING and state not in COMING):
            self._forget()
        return bool(self._waiting) and state is PluginState.RUNNING

    def _forget(self) -> None:
        self._waiting.clear()
        self._bytes = self._dropped_before = 0

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            try:
                self._deliver(*taken)
            except Exception:  # a bug with one event must not end those that follow
                log.exception("plugin %s: the event %s could not be told", self._plugin_id, taken[0][0].name)

    def _next(self) -> tuple[list[Published], int] | None:
        """The next events, and how many were dropped before them; None where the thread is to end."""
        with self._lock:
            if not self._can_hear():
                self._thread = None
                self._is_behind = False
                return None
            plugin = self._plugins().get(self._plugin_id)
            most = TOGETHER if plugin is not None and plugin.events.batches else 1
            events = [self._waiting.popleft()]
            size = len(events[0].data)
            while self._waiting and len(events) < most and size + len(self._waiting[0].data) <= TOGETHER_BYTES:
                events.append(self._waiting.popleft())
                size += len(events[-1].data)
            self._bytes -= size
            dropped, self._dropped_before = self._dropped_before, 0
        return events, dropped

    def _deliver(self, events: list[Published], dropped: int) -> None:
        plugin = self._plugins().get(self._plugin_id)
        try:
            if plugin is None or not plugin.events.available:
                return
            granted = _granted(plugin)
            heard = [one for one in events if covers(granted, one.name)]
            told = [Event(one.name, json.loads(one.data), one.source, one.at, 0) for one in heard]
            if not told:
                return
            told[0] = attrs.evolve(told[0], dropped=dropped)
            if plugin.events.batches:
                plugin.events.on_events(told)
            else:
                for event in told:
                    plugin.events.on_event(event)
            self._is_failing = False
        except ViewraError as error:
            if not self._is_failing:  # once for all that follow: there may be thousands
                log.warning("plugin %s failed at the event %s: %s", self._plugin_id, events[0].name, error.message)
            self._is_failing = True


def wanted(plugin: Plugin) -> tuple[str, ...]:
    """The patterns of names that a plugin asks for, granted or not; an object in this process gets all events."""
    if plugin.found is None:
        return ("*",) if plugin.events.available else ()
    manifest = plugin.manifest
    return next((one.names for one in asked(manifest) if one.name == SUBSCRIBE), ()) if manifest is not None else ()


def _granted(plugin: Plugin) -> tuple[str, ...]:
    """The patterns of names that it may hear of, as the operator has it now."""
    if plugin.found is None:
        return ("*",)
    return next((one.names for one in plugin.permissions if one.name == SUBSCRIBE and one.granted), ())
