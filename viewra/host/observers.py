"""Tells observers of changes in the library, each on a thread of its own: a slow one holds up nobody else."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import pluggy
import sqlalchemy as sa

from viewra.library.changes import MOST_KEPT, Changes, attach
from viewra.types import LibraryChange

HOOK = "on_library_changed"

MOST_AT_ONCE = 500
"""How many changes one call has."""

PATIENCE_S = 5.0
"""How long a closing host waits for observers that have not heard of everything yet."""

log = logging.getLogger("viewra.host")

Call = Callable[[Sequence[LibraryChange], bool], object]


class Told(Protocol):
    """Those who want to hear of changes in the library."""

    def are_there(self) -> bool:
        """Whether there is anybody."""
        ...

    def tell(self, changes: Sequence[LibraryChange], lost: bool) -> None:
        """Tell them, without waiting; ``lost``: there were more changes before these."""
        ...


def observe(engine: sa.Engine, *told: Told) -> None:
    """Have all of these told of what is changed through an engine."""

    def tell(changes: Sequence[LibraryChange], lost: bool) -> None:
        for one in told:
            one.tell(changes, lost)

    attach(engine, Changes(lambda: any(one.are_there() for one in told), tell))


class Observers:
    """The objects in a plugin manager that have the hook, until ``close``. Threads start with what there is to tell."""

    def __init__(self, pm: pluggy.PluginManager, *, patience_s: float = PATIENCE_S) -> None:
        self._pm = pm
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._observers: dict[str, _Observer] = {}

    def are_there(self) -> bool:
        """Whether anybody observes."""
        return bool(self._names())

    def tell(self, changes: Sequence[LibraryChange], lost: bool) -> None:
        """Have all observers called, without waiting for them."""
        with self._lock:
            names = self._names()
            for name in self._observers.keys() - names:
                self._observers.pop(name).end()
            for name in names:
                if name not in self._observers:
                    self._observers[name] = _Observer(name, self._caller(name))
                self._observers[name].add(changes, lost=lost)

    def close(self) -> None:
        """Tell what there is to tell, within ``patience_s`` seconds, and end."""
        deadline = time.monotonic() + self._patience_s
        with self._lock:
            observers = [*self._observers.values()]
            self._observers.clear()
        for observer in observers:
            observer.end()
        for observer in observers:
            if not observer.join(deadline):
                log.warning("observer %s of the library has not returned: it is left behind", observer.name)

    def _names(self) -> set[str]:
        return {implementation.plugin_name for implementation in _implementations(self._pm)}

    def _caller(self, name: str) -> Call:
        def call(changes: Sequence[LibraryChange], lost: bool) -> None:
            others = [one.plugin for one in _implementations(self._pm) if one.plugin_name != name]
            self._pm.subset_hook_caller(HOOK, others)(changes=changes, lost=lost)

        return call


def _implementations(pm: pluggy.PluginManager) -> Iterable[pluggy.HookImpl]:
    caller: pluggy.HookCaller = getattr(pm.hook, HOOK)
    return caller.get_hookimpls()


class _Observer:
    """One observer's thread, and what it has not been told yet."""

    def __init__(self, name: str, call: Call) -> None:
        self.name = name
        self._call = call
        self._changes: deque[LibraryChange] = deque()
        self._lost = False
        self._is_ending = False
        self._changed = threading.Condition()
        # A daemon thread, so that an observer that never returns does not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"observer-{name}", daemon=True)
        self._thread.start()

    def add(self, changes: Sequence[LibraryChange], *, lost: bool) -> None:
        """Have it told of changes; what it is behind with is dropped if it becomes too much."""
        with self._changed:
            if lost or len(self._changes) + len(changes) > MOST_KEPT:
                self._changes.clear()
                self._lost = True
            self._changes.extend(changes)
            self._changed.notify()

    def end(self) -> None:
        """End when it has been told of everything."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()

    def join(self, deadline: float) -> bool:
        """Wait for the end until ``deadline`` by ``time.monotonic``; whether it has come, or this is its own thread."""
        if self._thread is threading.current_thread():  # an observer closes the host
            return True
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            try:
                self._call(*batch)
            except Exception:  # an observer's failure is its own
                log.exception("observer %s of the library failed", self.name)

    def _next(self) -> tuple[Sequence[LibraryChange], bool] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._changes or self._is_ending)
            if not self._changes:
                return None
            count = min(MOST_AT_ONCE, len(self._changes))
            lost, self._lost = self._lost, False
            return tuple(self._changes.popleft() for _ in range(count)), lost
