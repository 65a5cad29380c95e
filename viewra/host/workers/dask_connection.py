"""``Connection``: to a dask scheduler, which has workers end what was begun with a connection when that ends."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
import warnings
from collections.abc import Coroutine
from typing import Any, TypeVar

from distributed import Client
from distributed.security import Security

from viewra.errors import ViewraError
from viewra.host.workers.dask_worker import ViewraScheduler
from viewra.library.paths import display

ANSWER_S = 30.0
"""Seconds in which a scheduler must answer one request."""

T = TypeVar("T")

log = logging.getLogger("viewra.host")


class Connection:
    """A client of dask with a loop of its own, so that every wait has a deadline: dask's own waits for ever.

    ``name`` is that of the ``ViewraWorker`` that is begun with it. Raises ViewraError if there is no such scheduler.
    """

    def __init__(self, address: str, security: Security | None, timeout_s: float, name: str) -> None:
        _log_like_viewra()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="dask", daemon=True)
        self._thread.start()
        self._lock = threading.Lock()
        self._over = False
        self._clients: list[Client] = []
        there = f"the dask scheduler at {address}"
        try:
            with warnings.catch_warnings(record=True) as warned:  # tables of versions, which dask prints
                self.client = self.ask(self._open(address, security, timeout_s), timeout_s + 1.0)
            for one in warned:
                log.info("dask: %s", display(str(one.message)))
            self.ask(self._register(ViewraScheduler(name, self.client.id)), ANSWER_S)
        except ImportError as error:
            self.close(0.0)
            hint = "install it there, too: pip install 'viewra[dask]'"
            raise ViewraError(f"{there} has no such viewra: {said(error)}", hint=hint) from error
        except Exception as error:
            self.close(0.0)
            raise ViewraError(
                f"{there} does not answer: {said(error)}",
                hint="it must run there, with the same TLS settings: dask scheduler (docs/scaling.md)",
            ) from error
        except BaseException:
            self.close(0.0)
            raise

    def ask(self, question: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """The result of a coroutine on the connection's loop.

        Raises TimeoutError, ConnectionError if the connection is closed, and what the coroutine raises.
        """
        asked = self._started(question)
        try:
            return asked.result(timeout_s)
        except concurrent.futures.TimeoutError as error:
            raise TimeoutError(str(error) or f"no answer within {timeout_s:g} s") from error
        finally:
            asked.cancel()

    def soon(self, question: Coroutine[Any, Any, object]) -> None:
        """Start a coroutine on the connection's loop; it ends with the connection. Raises ConnectionError."""
        self._started(question)

    def close(self, timeout_s: float) -> None:
        """Disconnect; a scheduler that does not answer is not waited for any longer."""
        for client in self._clients:
            with contextlib.suppress(Exception):
                if timeout_s:
                    client.close(timeout_s)
            client.status = "closed"  # otherwise it waits when it is deleted
        with self._lock:
            if not self._over:
                self._over = True
                self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout_s + 2.0)

    def _started(self, question: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        with self._lock:
            if not self._over:
                return asyncio.run_coroutine_threadsafe(question, self._loop)
        question.close()
        raise ConnectionError("the connection is closed")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.wait(left, timeout=1.0) if left else asyncio.sleep(0))
        finally:
            asyncio.set_event_loop(None)
            self._loop.close()

    async def _open(self, address: str, security: Security | None, timeout_s: float) -> Client:
        client = Client(
            address, asynchronous=True, security=security, timeout=timeout_s, set_as_default=False, name="viewra"
        )
        self._clients.append(client)
        await client
        return client

    async def _register(self, plugin: ViewraScheduler) -> None:
        await self.client.register_plugin(plugin)


def said(error: BaseException) -> str:
    """What an error of dask's says, for people."""
    return display(str(error) or type(error).__name__)[:500]


def _log_like_viewra() -> None:
    """Have dask's loggers write through viewra's, and not to the terminal by themselves."""
    for name, logger in logging.Logger.manager.loggerDict.items():
        if name.partition(".")[0] in {"distributed", "tornado"} and isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
