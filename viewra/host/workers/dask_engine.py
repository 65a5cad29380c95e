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
from viewra.library.paths import display

try:
    from distributed import Client, KilledWorker
    from distributed import Future as DaskFuture

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
    handed: Future[Any] | None = None  # with the present connection


class DaskEngine:
    """An ``Engine`` on the cluster of a scheduler, which it connects to at once; raises ViewraError if it cannot."""

    def __init__(self, plan: Plan, choice: EngineChoice, cancel: threading.Event) -> None:
        self._plan = plan
        self._security = security_of(choice)
        self._address = address_of(choice, self._security)
        self._lock = threading.RLock()
        self._work: set[_Work] = set()
        self._workers: dict[str, int] = {}  # the number of threads by address
        self._names: dict[str, str] = {}
        self._avoided: set[str] = set()
        self._failure: ViewraError | None = None
        self._lost = threading.Event()
        self._closed = threading.Event()
        _log_like_viewra()
        self._client: Client = self._connect(CONNECT_S)
        try:
            self._await_worker(cancel)
            self._client.register_plugin(ViewraWorker(plan))
        except BaseException as error:
            self._client.close(CLOSE_S)
            if isinstance(error, Exception) and not isinstance(error, ViewraError):
                raise ViewraError(f"the workers of {self._address} cannot be used: {_said(error)}") from error
            raise
        self._watcher = threading.Thread(target=self._watch, name="dask-watch", daemon=True)
        self._watcher.start()

    @property
    def slots(self) -> int:
        """The number of threads of its workers."""
        return max(1, sum(count for address, count in self._workers.items() if address not in self._avoided))

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Execute a function on some worker."""
        work = _Work(function, arguments)
        with self._lock:
            if self._failure is not None:
                raise self._failure
            self._work.add(work)
            work.future.add_done_callback(lambda _done: self._forget(work))
            if not self._lost.is_set():
                self._hand_over(work)
        return work.future

    def avoid(self, worker: str) -> None:
        """Let it execute nothing more, as long as there are others."""
        with self._lock:
            found = {address for address, name in self._names.items() if name == worker}
            if found - self._avoided:
                log.warning("the worker %s is not used by this scan any more", display(worker))
            self._avoided |= found

    def close(self) -> None:
        """Cancel what is left, and have the workers end the plugins."""
        self._closed.set()
        self._watcher.join(2 * CONNECT_S)
        for work in tuple(self._work):
            work.future.cancel()
        client = self._client
        letting_go = threading.Thread(target=self._let_go, args=(client,), name="dask-close", daemon=True)
        letting_go.start()  # a worker that does not answer must not hold up the end
        letting_go.join(CLOSE_S)
        client.close(CLOSE_S)

    def _let_go(self, client: Client) -> None:
        with contextlib.suppress(Exception):  # there may be no scheduler any more, which then has nothing to tell
            client.unregister_worker_plugin(f"viewra-{self._plan.scan}")

    def _connect(self, timeout_s: float) -> Client:
        try:
            return Client(
                self._address, security=self._security, timeout=timeout_s, set_as_default=False, name="viewra"
            )
        except Exception as error:
            raise ViewraError(
                f"no dask scheduler answers at {self._address}: {_said(error)}",
                hint="start one, and workers: dask scheduler, dask worker (docs/scaling.md)",
            ) from error

    def _await_worker(self, cancel: threading.Event) -> None:
        until = time.monotonic() + PATIENCE_S
        while not self._look():
            if time.monotonic() > until or cancel.wait(LOOK_S):
                raise self._no_workers()

    def _no_workers(self) -> ViewraError:
        hint = f"start some: dask worker {self._address}"
        return ViewraError(f"the dask scheduler at {self._address} has no workers", hint=hint)

    def _look(self) -> bool:
        """Learn which workers there are now; returns whether there are any. Raises OSError and the like."""
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        with self._lock:
            self._workers = {address: one["nthreads"] for address, one in found.items()}
            self._names = {address: str(one["name"]) for address, one in found.items()}
        return bool(found)

    def _hand_over(self, work: _Work) -> None:
        """Hand work over to the present connection; the caller holds the lock."""
        fit = [address for address in self._workers if address not in self._avoided]
        only = {"workers": fit} if fit and len(fit) < len(self._workers) else {}
        handed: Future[Any] = Future()
        try:
            client, loop = self._client, self._client.loop
            future = client.submit(work.function, *work.arguments, pure=False, **only)
            if loop is None:
                raise ConnectionError("it is closed")
            loop.add_callback(_follow, client, future, handed)
        except Exception as error:  # the connection has just been lost
            log.debug("a batch could not be handed over: %s", _said(error))
            self._lost.set()
            return
        work.handed = handed
        work.future.add_done_callback(lambda ended: loop.add_callback(_cancel, future) if ended.cancelled() else None)
        handed.add_done_callback(lambda ended: self._ended(work, ended))

    def _ended(self, work: _Work, handed: Future[Any]) -> None:
        with self._lock:
            if work.handed is not handed:  # of a connection that was lost
                return
            error = handed.exception()
            if isinstance(error, _LOST) and not work.future.cancelled():
                log.debug("a batch was lost: %s", _said(error))
                self._lost.set()
                return
        with contextlib.suppress(InvalidStateError):  # it was cancelled meanwhile
            if isinstance(error, KilledWorker):
                work.future.set_exception(BrokenExecutor("several workers in a row died while it was read"))
            elif error is not None:
                work.future.set_exception(error)
            else:
                work.future.set_result(handed.result())

    def _forget(self, work: _Work) -> None:
        with self._lock:
            self._work.discard(work)

    def _watch(self) -> None:
        """On a thread of its own: keep the number of workers up to date, and connect anew when that is needed."""
        seen = time.monotonic()
        while not self._closed.wait(LOOK_S):
            try:
                if self._lost.is_set() or self._client.status != "running":
                    self._reconnect()
                    seen = time.monotonic()
                elif self._look() or not self._work:
                    seen = time.monotonic()
                elif time.monotonic() - seen > PATIENCE_S:
                    self._give_up(self._no_workers())
            except ViewraError as error:
                self._give_up(error)
            except Exception as error:  # the next look connects anew
                log.debug("the dask scheduler does not answer: %s", _said(error))
                self._lost.set()

    def _reconnect(self) -> None:
        """Connect anew and hand all work over again. Raises ViewraError if there is no scheduler for too long."""
        self._lost.set()
        with self._lock:
            for work in self._work:
                work.handed = None
        log.warning("the dask scheduler at %s is gone; the scan waits for it", self._address)
        with contextlib.suppress(Exception):
            self._client.close(1.0)
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                client = self._connect(max(0.5, min(CONNECT_S, until - time.monotonic())))
                break
            except ViewraError:
                if time.monotonic() > until:
                    raise
            if self._closed.wait(LOOK_S):
                return
        self._client = client
        client.register_plugin(ViewraWorker(self._plan))
        self._look()
        with self._lock:
            self._avoided.clear()
            self._lost.clear()
            for work in tuple(self._work):
                self._hand_over(work)
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


async def _cancel(future: DaskFuture[Any]) -> None:
    with contextlib.suppress(Exception):  # there is no connection any more
        await future.cancel(asynchronous=True)


def _log_like_viewra() -> None:
    """Have dask's loggers write through viewra's, and not to the terminal by themselves."""
    for name, logger in logging.Logger.manager.loggerDict.items():
        if name.partition(".")[0] in {"distributed", "tornado"} and isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True


def _said(error: BaseException) -> str:
    return display(str(error) or type(error).__name__)[:500]
