"""``Events``: takes events to the plugins that subscribe to them, until ``stop``.

Events are news: nothing of them is stored, and they start no plugin. Each plugin is told by a thread of its own
(``subscriber.py``), so that publishing never waits.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from viewra.codec.host.events import event_name
from viewra.codec.host.json_data import json_data
from viewra.codec.rpc import InvalidValue
from viewra.errors import UsageError
from viewra.events import LIBRARY, LIBRARY_CHANGED, covers
from viewra.host.events.subscriber import COMING, Published, Subscriber, wanted
from viewra.host.plugin import Plugin
from viewra.types import LibraryChange, PluginState

PATIENCE_S = 2.0
"""Seconds that a closing host gives its plugins to hear of what there is to tell."""
JOIN_S = 10.0
MOST_CHANGES = 500
"""Changes of the library in one event, which has at most as many bytes as the next constant says."""
MOST_CHANGES_BYTES = 1024 * 1024

log = logging.getLogger("viewra.host")


class Events:
    """The events of one host's plugins and program. Thread-safe; ``plugins`` gives those that are there."""

    def __init__(self, plugins: Callable[[], Mapping[str, Plugin]], now: Callable[[], float] = time.time) -> None:
        self._plugins = plugins
        self._now = now
        self._lock = threading.Lock()
        self._subscribers: dict[str, Subscriber] = {}
        self._is_over = False

    def publish(self, name: str, data: object = None) -> None:
        """Tell of an event all running plugins that subscribe to it, without waiting for them.

        ``name`` is words with dots, such as ``playback.started``; ``library.…`` is the host's. ``data`` is what JSON
        has, at most 64 KiB. Raises UsageError for a name or data that cannot be.
        """
        try:
            checked, content = event_name(name, "name"), json_data(data, "data")
        except InvalidValue as error:
            raise UsageError(f"events.publish: {error}") from error
        if checked.startswith(f"{LIBRARY}."):
            raise UsageError(f"only the host itself publishes events named {LIBRARY}.…, such as {checked}")
        self.publish_from("", checked, content)

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many events each plugin did not get because it was too slow for them; none: it is not there."""
        with self._lock:
            return {plugin_id: one.dropped for plugin_id, one in self._subscribers.items() if one.dropped}

    # ---- for plugins, as viewra.bridge.events.Publisher has it ----

    def publish_from(self, source: str, name: str, data: bytes) -> None:
        """Publish an event of a plugin, whose name and data, as JSON, are checked; does not wait."""
        self._tell(Published(name, data, source, int(self._now() * 1_000_000)))

    # ---- for the host ----

    def are_there(self) -> bool:
        """Whether a plugin wants to hear of changes in the library."""
        return any(self._listeners(LIBRARY_CHANGED, ""))

    def tell(self, changes: Sequence[LibraryChange], lost: bool) -> None:
        """Tell of changes in the library, as ``library.changed``; ``lost``: there were more before them."""
        for part in _parts(changes):
            data = b'{"lost":%s,"changes":[%s]}' % (b"true" if lost else b"false", b",".join(part))
            self.publish_from("", LIBRARY_CHANGED, data)
            lost = False

    def state_changed(self, plugin_id: str, _state: PluginState) -> None:
        """A plugin may be able to hear now, or not any more."""
        with self._lock:
            subscriber = self._subscribers.get(plugin_id)
        if subscriber is not None:
            subscriber.go_on()

    def stop(self) -> None:
        """Publish nothing more, and tell what there is to tell within a moment."""
        with self._lock:
            self._is_over = True
            subscribers = list(self._subscribers.values())
        until = time.monotonic() + PATIENCE_S
        for one in subscribers:
            one.join(until)
        for one in subscribers:
            one.end()

    def close(self) -> None:
        """Wait for the threads, when the plugins have ended. May be called twice."""
        self.stop()
        until = time.monotonic() + JOIN_S
        for plugin_id, one in list(self._subscribers.items()):
            if not one.join(until):
                log.error("plugin %s: it has not returned from an event within %g s", plugin_id, JOIN_S)

    def _tell(self, event: Published) -> None:
        for plugin_id in self._listeners(event.name, event.source):
            with self._lock:
                if self._is_over:
                    return
                if plugin_id not in self._subscribers:
                    self._subscribers[plugin_id] = Subscriber(plugin_id, self._plugins)
                subscriber = self._subscribers[plugin_id]
            subscriber.add(event)

    def _listeners(self, name: str, source: str) -> Iterator[str]:
        """The plugins that run, or are about to run again, and ask for events of this name."""
        plugins = self._plugins()
        for plugin_id in plugins:
            plugin = plugins.get(plugin_id)  # None: it was uninstalled in this moment
            if plugin_id == source or plugin is None:
                continue
            if (plugin.state is PluginState.RUNNING or plugin.state in COMING) and covers(wanted(plugin), name):
                yield plugin_id


def _parts(changes: Sequence[LibraryChange]) -> Iterator[list[bytes]]:
    """The changes as JSON, in parts that one event can carry."""
    part: list[bytes] = []
    size = 0
    for change in changes:
        row = json.dumps(attrs.asdict(change, recurse=False), separators=(",", ":")).encode()
        if part and (len(part) == MOST_CHANGES or size + len(row) > MOST_CHANGES_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += len(row) + 1
    if part:
        yield part
