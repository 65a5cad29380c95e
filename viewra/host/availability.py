"""Checks that a host may be used in this process: it refuses calls if it is not open, or if another process opened it.

A process forked from one with an open host has none of the host's threads, but shares its sockets and locks: there each
open host releases them without affecting its plugins, and refuses all calls.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any, Protocol

import pluggy

from viewra.errors import ViewraError

_HINT = "use it in a with block, or call open() first"
_FOREIGN_HINT = "open a host in each process, after the fork"


class Shared(Protocol):
    """An object with descriptors that a forked process shares with its parent."""

    def let_go(self) -> None:
        """In the forked process: close its copies of descriptors, without affecting the parent."""
        ...


class Availability:
    """Guards one host and the hooks of its ``pm``; ``let_go`` is called in processes forked meanwhile."""

    def __init__(self, pm: pluggy.PluginManager, let_go: Callable[[], None]) -> None:
        self._pm = pm
        self._let_go = weakref.WeakMethod(let_go)
        self._pid = 0
        self._problem: str | None = None
        self._hint = _HINT
        self._allow_hooks: Callable[[], None] | None = None
        self._refuse("the host is not open")
        _KNOWN.add(self)

    @property
    def is_open(self) -> bool:
        """Whether the host is open in this process."""
        return self._problem is None

    @property
    def is_forked(self) -> bool:
        """Whether a parent process opened the host, of which this one is a fork."""
        return self._problem is not None and self._pid != 0

    def require(self) -> None:
        """Raise ViewraError unless the host is open in this process."""
        if self._problem is not None:
            raise ViewraError(self._problem, hint=self._hint)

    def opened(self) -> None:
        """Record that the host is open."""
        self._pid = os.getpid()
        self._problem = None
        if self._allow_hooks is not None:
            self._allow_hooks()
            self._allow_hooks = None

    def closed(self) -> None:
        """Record that the host is closed."""
        self._pid = 0
        self._refuse("the host is closed")

    def forked(self) -> None:
        """Record that this process was forked."""
        if self.is_open:
            self._refuse(_foreign(self._pid), _FOREIGN_HINT)
            if (let_go := self._let_go()) is not None:
                let_go()

    def _refuse(self, problem: str, hint: str = _HINT) -> None:
        self._problem, self._hint = problem, hint
        if self._allow_hooks is None:  # reaches callers that kept ``host.hook``, too
            self._allow_hooks = self._pm.add_hookcall_monitoring(self._before, lambda *_: None)

    def _before(self, _name: str, _implementations: object, _arguments: Any) -> None:
        self.require()


def require_process(pid: int) -> None:
    """Raise ViewraError in a fork of the process ``pid``, which opened the host."""
    if os.getpid() != pid:
        raise ViewraError(_foreign(pid), hint=_FOREIGN_HINT)


def _foreign(pid: int) -> str:
    return f"the host was opened by process {pid}, and this is a fork of that"


_KNOWN: weakref.WeakSet[Availability] = weakref.WeakSet()


def _after_fork() -> None:
    for availability in _KNOWN:
        availability.forked()


os.register_at_fork(after_in_child=_after_fork)
