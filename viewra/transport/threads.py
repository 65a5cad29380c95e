"""Threads for gRPC's handlers: a pool that answers calls, and one thread for each handler that lasts.

Both classes are ThreadPoolExecutors because gRPC requires one.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeAlias

_Task: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


_log = logging.getLogger(__name__)
_JOIN_S = 10.0


def ended(thread: threading.Thread) -> bool:
    """Wait up to 10 s for a thread that was told to end. If it does not end, log its name and return False."""
    thread.join(_JOIN_S)
    if thread.is_alive():
        _log.error("the thread %s did not end within %g s", thread.name, _JOIN_S)
    return not thread.is_alive()


class Workers(ThreadPoolExecutor):
    """At most ``most`` daemon threads for a server's calls, started when a task comes and all others are busy.

    So calls that follow each other are answered by one thread, whose memory the processor still has at hand. Tasks have
    no futures: making one takes as long as handing the task over, and gRPC's tasks report their own errors.
    """

    def __init__(self, most: int, name: str) -> None:
        super().__init__(most)
        self._most, self._name = most, name
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._started = 0
        self.idle = 0
        """How many threads wait for a task; it is told until all are started."""
        self._lock = threading.Lock()

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run the task on a thread of the pool."""
        if self._started < self._most:
            with self._lock:
                if self.idle:
                    self.idle -= 1
                elif self._started < self._most:
                    self._started += 1
                    threading.Thread(target=self._work, name=f"{self._name}_{self._started}", daemon=True).start()
        self._tasks.put((task, arguments, named))
        return _NOBODYS

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads after their tasks, without waiting for them."""
        del wait, cancel_futures
        for _ in range(self._started):
            self._tasks.put(None)

    def _work(self) -> None:
        while (work := self._tasks.get()) is not None:
            task, arguments, named = work
            try:
                task(*arguments, **named)
            except BaseException:  # the pool does not replace a thread that ends
                traceback.print_exc()
            del work, task, arguments, named  # keep no reference to a call's state until the next call comes
            if self._started < self._most:
                with self._lock:
                    self.idle += 1


class CountedWorkers(Workers):
    """``Workers`` whose tasks have futures, by which gRPC's server counts the calls of a limited number."""

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run the task on a thread of the pool, as ``Workers`` does."""
        future: Future[Any] = Future()

        def run() -> None:
            try:
                task(*arguments, **named)
            finally:
                future.set_result(None)

        super().submit(run)
        return future


class _Nobodys(Future[Any]):
    """The shared future of all tasks; it never completes."""

    def add_done_callback(self, fn: Callable[[Future[Any]], object]) -> None:
        """Do nothing: gRPC's server counts calls with these callbacks, for a limit that viewra does not set."""


_NOBODYS = _Nobodys()


class ThreadEach(ThreadPoolExecutor):
    """An executor that starts a daemon thread for each task and keeps none, so it needs no shutdown.

    gRPC runs a handler function there if it is the function's attribute ``experimental_thread_pool``. If gRPC drops
    that attribute, the handler occupies one of the server's own threads, which wastes a thread but still works.
    """

    def __init__(self, name: str) -> None:
        super().__init__(1)
        self._name = name

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run the task on a new thread."""
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(task(*arguments, **named))
            except BaseException as error:  # the future's owner raises or logs it
                future.set_exception(error)

        threading.Thread(target=run, name=self._name, daemon=True).start()
        return future
