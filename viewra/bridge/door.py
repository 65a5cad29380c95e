"""``Door``: the one place through which a plugin's requests enter; checks its grants, and counts its calls."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from viewra.adapters import CallStats, HookStats
from viewra.bridge.call import HostCall
from viewra.bridge.pace import Pace
from viewra.bridge.rights import Rights
from viewra.codec.host.method import Answered, HostMethod
from viewra.errors import HostError, PermissionDenied, UsageError, ViewraError

log = logging.getLogger("viewra.host")

_ARGUMENTS_BYTES = 2048
_DATA_BYTES = 64 * 1024
"""Bytes that count as much as a call."""
TOLD_S = 60.0
"""Seconds between two logged failures of the host at calls of one plugin."""


class Way(Enum):
    """How long a method takes: no time, little, or as long as others than the host take to answer."""

    QUICK = 0
    USUAL = 1
    LASTING = 2


class Door:
    """The entrance of one plugin: who asks is known from which door it is, never from the request. Thread-safe."""

    def __init__(
        self,
        plugin_id: str,
        methods: Mapping[str, tuple[HostMethod[Any], Callable[..., Any]]],
        pace: Pace | None = None,
    ) -> None:
        self.plugin_id = plugin_id
        self._methods = methods
        self._pace = pace or Pace()
        self._stats = CallStats()
        self._lock = threading.Lock()
        self._silent_until = 0.0
        self._ways = {name: _way(method) for name, (method, _) in methods.items()}

    def way(self, name: str) -> Way:
        """How long this method takes."""
        return self._ways.get(name, Way.USUAL)

    @property
    def figures(self) -> dict[str, HookStats]:
        """The calls so far, by method."""
        return self._stats.snapshot()

    def wait(self, arguments: int = 0, data: int = 0) -> None:
        """Wait until this plugin may make one more call: one that floods its host is slowed down, not refused.

        ``arguments`` and ``data`` are its sizes in bytes: the first have to be read, which takes long.
        """
        self._pace.wait(1 + arguments / _ARGUMENTS_BYTES + data / _DATA_BYTES)

    def call(self, name: str, arguments: object, data: bytes, rights: Rights, call: HostCall | None = None) -> Answered:
        """Do what a plugin asks; raises a ViewraError, and nothing else. One that lasts needs the ``call``."""
        found = self._methods.get(name)
        if found is None:
            raise UsageError(f"the host has no service {name[:100]!r}", hint="it may need a newer viewra")
        method, does = found
        began, worked = time.monotonic(), time.thread_time()
        failure: BaseException | None = None
        try:
            if method.permission and not rights.allows(method.permission):
                raise PermissionDenied(
                    f"{name} needs the permission {method.permission}, which is not granted",
                    hint=f"the manifest must request it; then: viewra plugins grant {self.plugin_id} "
                    f"{method.permission}",
                )
            checked = method.checked(arguments, data)
            if method.lasting:
                checked["call"] = call
            if method.needs_rights:
                checked["rights"] = rights
            return method.encode(does(**checked))
        except ViewraError as error:
            failure = error
            raise
        except Exception as error:
            failure = error
            if self._is_to_be_told():
                log.exception("plugin %s: the host service %s failed", self.plugin_id, name)
            raise HostError(f"{name} failed in the host: {type(error).__name__}", hint="see the host's log") from error
        finally:
            self._pace.charge(time.thread_time() - worked)  # a listing may take a thousand times as long as a value
            self._stats.record(name, time.monotonic() - began, failure)

    def _is_to_be_told(self) -> bool:
        """Whether a failure of ours is logged now: once in a while, since a plugin may cause thousands."""
        now = time.monotonic()
        with self._lock:
            is_due = now >= self._silent_until
            if is_due:
                self._silent_until = now + TOLD_S
            return is_due


def _way(method: HostMethod[Any]) -> Way:
    return Way.QUICK if method.quick else Way.LASTING if method.lasting else Way.USUAL


class DirectAsking:
    """Asks through a door in the same process: for a plugin object in the host's own."""

    def __init__(self, door: Door, rights: Rights) -> None:
        self._door = door
        self._rights = rights

    def ask(self, method: HostMethod[Any], arguments: dict[str, object], data: bytes, timeout_s: float) -> Answered:
        """The result; only a call that lasts has a deadline, since it runs on the caller's own thread."""
        call = HostCall(self._rights, timeout_s) if method.lasting else None
        return self._door.call(method.name, arguments, data, self._rights, call)
