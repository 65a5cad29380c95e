"""``DaskEngine``: workers of a dask cluster. Scheduling, membership and transport are dask's.

What is added is patience: batches whose scheduler is gone are handed over again when there is one, as are all of a
connection that broke. A worker that dies is dask's own matter, until several died of the same batch.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Future, InvalidStateError
from typing import Any

import attrs

from viewra.errors import UsageError, ViewraError
from viewra.host.workers.choice import EngineChoice
from viewra.host.workers.plan import Plan

try:
    from distributed import Client, KilledWorker
    from distributed import Future as DaskFuture

    from viewra.host.workers.dask_connection import Connection, said
    from viewra.host.workers.dask_members import Members
    from viewra.host.workers.dask_security import address_of, security_of
    from viewra.host.workers.dask_worker import ViewraWorker
except ImportError as missing:
    raise UsageError("--engine dask://… needs dask", hint="pip install 'viewra[dask]'") from missing

CONNECT_S = 10.0
"""Seconds in which a scheduler must answer."""
PATIENCE_S = 60.0
"""Seconds for which a scan waits for a worker, at its start and when none is left, and for a scheduler that is gone."""
LOOK_S = 0.5
"""Seconds between two looks at the cluster."""
CLOSE_S = 10.0
"""Seconds for which a closing engine waits for the workers to have ended the plugins."""

_LOST = (CancelledError, asyncio.CancelledError, OSError)
"""What a batch comes back with when the connection broke: dask cancels what it has lost."""

log = logging.getLogger("viewra.host")


@attrs.define(eq=False)
class _Work:
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    future: Future[Any] = attrs.field(factory=Future)
    handed: Future[Any] | None = None  # with the present connection, to these workers; None: to nobody
    workers: frozenset[str] = frozenset()
    task: DaskFuture[Any] | None = None


class DaskEngine:
    """An ``Engine`` on the cluster of a scheduler, which it connects to at once; raises ViewraError if it cannot."""

    def __init__(self, plan: Plan, choice: EngineChoice, cancel: threading.Event) -> None:
        self._plan = plan
        self._security = security_of(choice)
        self._address = address_of(choice, self._security)
        self._lock = threading.RLock()
        self._work: set[_Work] = set()
        self._connections = 0
        self._failure: ViewraError | None = None
        self._lost = threading.Event()
        self._closed = threading.Event()
        self._news = threading.Event()
        self._connection, self._members = self._connect(CONNECT_S)
        try:
            self._await_worker(cancel)
        except BaseException:
            self._connection.close(CLOSE_S)
            raise
        self._watcher = threading.Thread(target=self._watch, name="dask-watch", daemon=True)
        self._watcher.start()

    @property
    def slots(self) -> int:
        """The number of threads of its workers."""
        return max(1, self._members.slots)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Execute a function on some worker."""
        work = _Work(function, arguments)
        with self._lock:
            if self._failure is not None:
                raise self._failure
            self._work.add(work)
            work.future.add_done_callback(lambda ended: self._forget(work, cancelled=ended.cancelled()))
            if not self._lost.is_set():
                self._hand_over(work)
        return work.future

    def avoid(self, worker: str, reason: str) -> None:
        """Let it execute nothing more, as long as there are others."""
        self._members.avoid(worker, reason)

    def close(self) -> None:
        """Cancel what is left, and have the workers end the plugins."""
        self._closed.set()
        self._news.set()
        for work in tuple(self._work):
            work.future.cancel()
        with self._lock:
            connection, members = self._connection, self._members
        if not self._lost.is_set():
            with contextlib.suppress(Exception):  # the scheduler ends them when the connection does
                connection.ask(members.let_go(), CLOSE_S)
        connection.close(CLOSE_S)
        self._watcher.join(CLOSE_S)  # no longer than what it waits for, which has just been closed

    def _connect(self, timeout_s: float) -> tuple[Connection, Members]:
        self._connections += 1
        name = f"viewra-{self._plan.scan}-{self._connections}"
        connection = Connection(self._address, self._security, timeout_s, name)
        return connection, Members(connection, ViewraWorker(name, self._plan), self._news)

    def _await_worker(self, cancel: threading.Event) -> None:
        """Wait for a worker that can read. Raises ViewraError if there is none; returns when the scan is cancelled."""
        until = time.monotonic() + PATIENCE_S
        while not cancel.is_set():
            try:
                self._members.look()
            except Exception as error:
                raise ViewraError(f"the dask scheduler at {self._address} does not answer: {said(error)}") from error
            if self._members.fit:
                return
            if self._members.none_can or time.monotonic() > until:
                raise self._no_workers()
            self._news.wait(LOOK_S)
            self._news.clear()

    def _no_workers(self) -> ViewraError:
        there = f"the dask scheduler at {self._address}"
        if complaints := self._members.complaints:
            return ViewraError(f"{there} has no workers that can read: {complaints}", hint="docs/scaling.md")
        return ViewraError(f"{there} has no workers that answer", hint=f"start some: dask worker {self._address}")

    def _hand_over(self, work: _Work) -> None:
        """Hand work over to those workers that can do it, if there are any; the caller holds the lock."""
        fit = self._members.fit
        if not fit:
            return
        handed: Future[Any] = Future()
        try:
            connection = self._connection
            task = connection.client.submit(work.function, *work.arguments, pure=False, workers=sorted(fit))
            connection.soon(_follow(connection.client, task, handed))
        except Exception as error:  # the connection has just been lost
            log.debug("a batch could not be handed over: %s", said(error))
            self._lost.set()
            return
        work.handed, work.workers, work.task = handed, fit, task
        handed.add_done_callback(lambda ended: self._ended(work, ended))

    def _hand_over_anew(self) -> None:
        """Hand over what nobody has, or only workers that are gone: dask would wait for these."""
        there = self._members.there
        with self._lock:
            for work in tuple(self._work):
                if work.handed is None:
                    self._hand_over(work)
                elif not work.workers & there:
                    old, work.handed = work.task, None
                    self._cancel(old)
                    self._hand_over(work)

    def _cancel(self, task: DaskFuture[Any] | None) -> None:
        if task is not None:
            with contextlib.suppress(ConnectionError):  # then dask cancels it
                self._connection.soon(_cancelled(task))

    def _ended(self, work: _Work, handed: Future[Any]) -> None:
        with self._lock:
            if work.handed is not handed:  # of a connection that was lost
                return
            error = handed.exception()
            if isinstance(error, _LOST) and not work.future.cancelled():
                log.debug("a batch was lost: %s", said(error))
                self._lost.set()
                return
        with contextlib.suppress(InvalidStateError):  # it was cancelled meanwhile
            if isinstance(error, KilledWorker):
                work.future.set_exception(BrokenExecutor("several workers in a row died while it was read"))
            elif error is not None:
                work.future.set_exception(error)
            else:
                work.future.set_result(handed.result())

    def _forget(self, work: _Work, *, cancelled: bool) -> None:
        with self._lock:
            self._work.discard(work)
            task, work.task = work.task, None
        if cancelled:
            self._cancel(task)

    def _watch(self) -> None:
        """On a thread of its own: keep to what workers there are, and connect anew when that is needed."""
        seen = time.monotonic()
        while not self._closed.is_set():
            self._news.wait(LOOK_S)
            self._news.clear()
            try:
                if self._lost.is_set() or self._connection.client.status != "running":
                    self._reconnect()
                    seen = time.monotonic()
                else:
                    self._members.look()
                    self._hand_over_anew()
                    if self._members.fit or not self._work:
                        seen = time.monotonic()
                    elif time.monotonic() - seen > PATIENCE_S:
                        self._give_up(self._no_workers())
            except ViewraError as error:
                self._give_up(error)
            except Exception as error:  # the next look connects anew
                log.debug("the dask scheduler does not answer: %s", said(error))
                self._lost.set()

    def _reconnect(self) -> None:
        """Connect anew; all work is handed over again. Raises ViewraError if there is no scheduler for too long."""
        self._lost.set()
        with self._lock:
            for work in self._work:
                work.handed = None
        log.warning("the dask scheduler at %s is gone; the scan waits for it", self._address)
        self._connection.close(1.0)
        until = time.monotonic() + PATIENCE_S
        while not self._closed.is_set():
            try:
                connection, members = self._connect(max(0.5, min(CONNECT_S, until - time.monotonic())))
                break
            except ViewraError:
                if time.monotonic() > until:
                    raise
            self._closed.wait(LOOK_S)
        else:
            return
        with self._lock:
            if not self._closed.is_set():
                self._connection, self._members = connection, members
                self._lost.clear()
        if self._connection is not connection:
            connection.close(1.0)
            return
        log.warning("the dask scheduler at %s is there again", self._address)

    def _give_up(self, error: ViewraError) -> None:
        with self._lock:
            self._failure = error
            work = tuple(self._work)
        for one in work:
            with contextlib.suppress(InvalidStateError):
                one.future.set_exception(error)


async def _follow(client: Client, future: DaskFuture[Any], handed: Future[Any]) -> None:
    """On the client's loop: complete one future with the value of another. dask's executor leaves some for ever."""
    try:
        value = await client.gather(future, asynchronous=True)
    except BaseException as error:
        handed.set_exception(error)
    else:
        handed.set_result(value)


async def _cancelled(task: DaskFuture[Any]) -> None:
    with contextlib.suppress(Exception):  # there is no connection any more
        await task.cancel(asynchronous=True)
