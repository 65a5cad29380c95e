"""Threads for gRPC handlers that last as long as their connection, apart from those that answer calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class ThreadEach(ThreadPoolExecutor):
    """An executor that starts a thread for each task and keeps none: nothing to shut down, nothing to wait for.

    A handler function that has one as its attribute ``experimental_thread_pool`` runs there; should gRPC drop that
    attribute, the handler occupies one of the server's own threads, which is only a waste. It has to be a
    ThreadPoolExecutor because gRPC looks for one.
    """

    def __init__(self, name: str) -> None:
        super().__init__(1)
        self._name = name

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run the task in a thread of its own."""
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(task(*arguments, **named))
            except BaseException as error:  # the future's owner raises or logs it
                future.set_exception(error)

        threading.Thread(target=run, name=self._name, daemon=True).start()
        return future
