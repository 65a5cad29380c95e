"""``LocalEngine``: workers that are processes of this machine, each with plugins of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, InvalidStateError, ProcessPoolExecutor
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from typing import Any

import attrs

from viewra.errors import ViewraError
from viewra.host.workers import reading
from viewra.host.workers.plan import Plan
from viewra.host.workers.worker_host import WorkerHost

MOST_DEATHS = 3
"""How many deaths of workers a batch in flight outlives: one of them takes all processes of a pool with it."""
END_S = 10.0
"""Seconds after which a worker that is to end does so without having ended its plugins, which then end with it."""


@attrs.define(eq=False)
class _Work:
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    future: Future[Any] = attrs.field(factory=Future)
    deaths: int = 0


class LocalEngine:
    """An ``Engine`` with this number of processes. They end when it is closed, and when this process ends."""

    def __init__(self, plan: Plan, processes: int) -> None:
        self.slots = processes
        self._plan = plan
        self._context = get_context("spawn")  # a fork of a process with threads may hang
        self._theirs, self._mine = self._context.Pipe(duplex=False)
        self._lock = threading.Lock()
        self._closed = False
        resource_tracker.ensure_running()  # its start would let Ctrl-C through to the processes, see below
        self._pool = self._new_pool()

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Execute a function in one of the processes."""
        work = _Work(function, arguments)
        self._hand_over(work)
        return work.future

    def avoid(self, worker: str, reason: str) -> None:
        """Without effect: what one of these processes cannot do, none can."""

    def close(self) -> None:
        """End the processes, with what they execute."""
        with self._lock:
            self._closed = True
            pool = self._pool
        self._mine.close()  # which tells them
        self._theirs.close()
        pool.shutdown(wait=True, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.slots, mp_context=self._context, initializer=_begin, initargs=(self._plan, self._theirs)
        )

    def _hand_over(self, work: _Work) -> None:
        try:
            with self._lock:
                if self._closed:
                    raise ViewraError("the scan has ended")
                with _without_ctrl_c():  # this may start processes
                    try:
                        handed = self._pool.submit(work.function, *work.arguments)
                    except BrokenExecutor:
                        self._pool = self._new_pool()
                        handed = self._pool.submit(work.function, *work.arguments)
        except Exception as error:
            _set(work.future.set_exception, error)
            return
        work.future.add_done_callback(lambda ended: handed.cancel() if ended.cancelled() else None)
        handed.add_done_callback(lambda ended: self._ended(work, ended))

    def _ended(self, work: _Work, handed: Future[Any]) -> None:
        if handed.cancelled():
            work.future.cancel()
            return
        error = handed.exception()
        if not isinstance(error, BrokenExecutor):
            _set(*((work.future.set_exception, error) if error else (work.future.set_result, handed.result())))
            return
        work.deaths += 1
        if work.deaths > MOST_DEATHS:
            _set(work.future.set_exception, BrokenExecutor(f"{work.deaths} workers in a row died while it was read"))
            return
        self._hand_over(work)


@contextlib.contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Processes that this thread starts hear of no Ctrl-C: while they import, they would print a traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _set(set_to: Callable[[Any], None], value: object) -> None:
    with contextlib.suppress(InvalidStateError):  # it was cancelled meanwhile
        set_to(value)


def _begin(plan: Plan, parent: Connection) -> None:
    """In a process: be a worker, as long as the other end of ``parent`` is open."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the host that scans
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    host = reading.begin(plan, f"local:{os.getpid()}")
    # No daemon: a process that the pool ends waits for it.
    threading.Thread(target=_end_with, args=(host, parent), name="parent").start()


def _end_with(host: WorkerHost, parent: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        parent.recv_bytes()
    late = threading.Timer(END_S, os._exit, (1,))
    late.daemon = True
    late.start()
    try:
        reading.end(host)
    finally:
        os._exit(0)
