"""What processes of the local engine inherit."""

from __future__ import annotations

import signal
from typing import Any

from viewra.host.workers import local_engine
from viewra.host.workers.local_engine import LocalEngine
from viewra.host.workers.plan import Plan


class Pool:
    """Notes which signals a process would not hear of that is started now."""

    def __init__(self) -> None:
        self.blocked: set[int] = set()

    def submit(self, *_: Any) -> Any:
        self.blocked = {*signal.pthread_sigmask(signal.SIG_BLOCK, ())}
        raise RuntimeError("no process here")

    def shutdown(self, **_: Any) -> None: ...


def test_processes_that_start_hear_of_no_ctrl_c(monkeypatch: Any) -> None:
    pool = Pool()
    monkeypatch.setattr(local_engine.LocalEngine, "_new_pool", lambda _: pool)
    engine = LocalEngine(Plan("scan", "", (), "/srv", {}), 1)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert str(engine.submit(print).exception(1)) == "no process here"
    assert signal.SIGINT in pool.blocked
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    engine.close()
