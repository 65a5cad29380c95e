"""Replaced runs: each ends when its calls have, and at once when the host closes."""

from __future__ import annotations

import threading
from typing import cast

import grpc

from tests.eventually import eventually
from viewra.adapters import Connection
from viewra.host.running.draining import Draining
from viewra.host.running.run import Run
from viewra.transport.grpc_calls import GrpcWire


class FakeRun:
    """A run whose end may take its time."""

    def __init__(self, together: threading.Barrier | None = None) -> None:
        self.connection = Connection(GrpcWire(grpc.insecure_channel("unix:/nowhere")))
        self.stopped = threading.Event()
        self._together = together

    def stop(self) -> str:
        if self._together is not None:
            self._together.wait(60)  # all must be at it at the same time
        self.stopped.set()
        return "graceful"


def add(leaving: Draining, run: FakeRun) -> None:
    leaving.add(cast("Run", run))


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "drain-leaver"]


def test_a_run_ends_when_its_last_call_has() -> None:
    leaving, run = Draining("leaver"), FakeRun()
    run.connection.enter()
    run.connection.enter()
    add(leaving, run)
    run.connection.leave()
    assert not run.stopped.wait(0.05)
    run.connection.leave()
    assert run.stopped.wait(60)
    eventually(lambda: not threads())
    leaving.close()


def test_closing_ends_them_all_side_by_side_whatever_they_still_answer() -> None:
    leaving, together = Draining("leaver"), threading.Barrier(3)
    runs = [FakeRun(together) for _ in range(3)]
    for run in runs:
        run.connection.enter()
        add(leaving, run)
    leaving.close()
    assert all(run.stopped.is_set() for run in runs)
    assert threads() == []
    leaving.close()
