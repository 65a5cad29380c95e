"""A launcher that starts no process, and records that no database has."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from viewra.process import LaunchPlan

from .fake_clock import FakeClock
from .fake_peer import FakePeer
from .fake_process import Behaviour, FakeProcess


class FakeLauncher:
    """Starts what a test says: ``next`` for the next starts, in order, then ``behaviour``."""

    def __init__(self, clock: FakeClock) -> None:
        self.behaviour = Behaviour()
        self.next: list[Behaviour] = []
        self.plans: list[LaunchPlan] = []
        self.processes: list[FakeProcess] = []
        self.peers: list[FakePeer] = []
        self._clock = clock
        self._pids = itertools.count(1001)

    def launch(self, plan: LaunchPlan, *, on_line: Any, on_quiet: Any = None, on_exit: Any = None) -> FakeProcess:
        self.plans.append(plan)
        behaviour = self.next.pop(0) if self.next else self.behaviour.copy()
        what = behaviour.fails.get("spawn")
        if isinstance(what, BaseException):
            raise what
        process = FakeProcess(self._clock, next(self._pids), behaviour, on_exit)
        self.processes.append(process)
        return process

    def find(self, pid: int, started: int, *, on_exit: Callable[[], object]) -> FakeProcess:
        """One that was there before."""
        for process in self.processes:
            if process.pid == pid and process.started == started and not process.ended:
                process._on_exit, process.left = on_exit, False
                return process
        raise ProcessLookupError(f"process {pid} is a different process")

    def dial(self, where: Any, pid: int, **_named: Any) -> FakePeer:
        process = next(one for one in self.processes if one.pid == pid)
        peer = FakePeer(process, self._clock)
        self.peers.append(peer)
        return peer

    @property
    def running(self) -> list[FakeProcess]:
        return [process for process in self.processes if not process.ended]


class FakeRemembered:
    """Records that nobody writes down."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def quarantine(self, _found: object) -> Any:
        return self.kept.get("quarantine")

    def set_quarantine(self, _found: object, quarantine: Any) -> None:
        self.kept["quarantine"] = quarantine

    def services(self, _found: object) -> Any:
        return self.kept.get("services")

    def set_services(self, _found: object, code_hash: str, services: frozenset[str]) -> None:
        self.kept["services"] = code_hash, services

    def fact(self, _found: object, name: str) -> Any:
        return self.kept.get(name)

    def set_fact(self, _found: object, name: str, code_hash: str, value: str) -> None:
        self.kept[name] = code_hash, value


@contextmanager
def raises_nothing(clock: FakeClock) -> Iterator[None]:
    """Whatever the clock's work raised is raised at the end."""
    yield
    if clock.failures:
        raise clock.failures[0]
