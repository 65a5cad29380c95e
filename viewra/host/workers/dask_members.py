"""``Members``: which workers of a dask cluster can read for a scan. Dask says which there are.

Each is asked to be ready by itself: one that hangs, lacks viewra or has another version holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from typing import Any

from viewra.host.workers.dask_connection import ANSWER_S, Connection, said
from viewra.host.workers.dask_worker import ViewraWorker, begin, end
from viewra.library.paths import display

READY_S = 60.0
"""Seconds in which a worker must be ready, importing viewra included; it is asked again after them."""

log = logging.getLogger("viewra.host")


class Members:
    """The workers of one connection, by address. Thread-safe. ``news`` is set when one has answered."""

    def __init__(self, connection: Connection, plugin: ViewraWorker, news: threading.Event) -> None:
        self._connection = connection
        self._client = connection.client
        self._plugin = plugin
        self._news = news
        self._lock = threading.Lock()
        self._threads: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._asked: set[str] = set()
        self._ready: set[str] = set()
        self._unfit: dict[str, str] = {}  # why
        self._avoided: set[str] = set()

    @property
    def fit(self) -> frozenset[str]:
        """Those that can read. If all that can are avoided, then all."""
        with self._lock:
            return frozenset(self._ready - self._avoided or self._ready)

    @property
    def there(self) -> frozenset[str]:
        """All of them."""
        with self._lock:
            return frozenset(self._threads)

    @property
    def slots(self) -> int:
        """How many batches those that are fit read at the same time."""
        fit = self.fit
        with self._lock:
            return sum(self._threads.get(address, 0) for address in fit)

    @property
    def none_can(self) -> bool:
        """Whether there are workers, and all have said that they cannot read."""
        with self._lock:
            return bool(self._unfit) and self._unfit.keys() == self._threads.keys()

    @property
    def complaints(self) -> str:
        """Why workers cannot read, for people: ``nas-1: viewra is not installed there``."""
        with self._lock:
            return "; ".join(sorted(f"{self._names[address]}: {why}" for address, why in self._unfit.items()))

    def look(self) -> None:
        """Learn which workers there are now, and ask new ones to be ready. Raises OSError and what dask raises."""
        found: Mapping[str, Mapping[str, Any]] = self._connection.ask(self._identity(), ANSWER_S)
        with self._lock:
            self._threads = {address: one["nthreads"] for address, one in found.items()}
            self._names = {address: display(str(one["name"])) for address, one in found.items()}
            there = self._threads.keys()
            new = there - self._asked
            self._asked = set(there)
            self._ready &= there
            self._unfit = {address: why for address, why in self._unfit.items() if address in there}
        for address in new:
            self._connection.soon(self._ask(address))

    def avoid(self, worker: str, reason: str) -> None:
        """Let the worker of this name read nothing more, as long as there are others."""
        with self._lock:
            found = {address for address, name in self._names.items() if name == display(worker)}
            if found - self._avoided:
                log.warning("the worker %s is not used by this scan any more: it %s", display(worker), display(reason))
            self._avoided |= found

    async def let_go(self) -> None:
        """Have those that are ready end the plugins."""
        with self._lock:
            ready = list(self._ready)
        await self._client.run(end, self._plugin.name, workers=ready, on_error="ignore")

    async def _identity(self) -> Mapping[str, Mapping[str, Any]]:
        if (scheduler := self._client.scheduler) is None:
            raise ConnectionError("it is closed")
        found: Mapping[str, Any] = await scheduler.identity(n_workers=-1)
        workers: Mapping[str, Mapping[str, Any]] = found["workers"]
        return workers

    async def _ask(self, address: str) -> None:
        """On the client's loop: have a worker be ready."""
        answer: object
        try:
            asked = self._client.run(begin, self._plugin, workers=[address], on_error="return")
            answer = (await asyncio.wait_for(asked, READY_S))[address]
        except Exception as error:
            answer = error
        with self._lock:
            if address not in self._threads:
                return
            name = self._names[address]
            if answer == "":
                self._ready.add(address)
            elif isinstance(answer, OSError):  # it is not reached, or hangs
                log.debug("the worker %s does not answer: %s", name, answer)
                self._asked.discard(address)
            else:
                self._unfit[address] = why = _why(answer)
                log.warning("the worker %s is not used by this scan: %s", name, why)
        self._news.set()


def _why(answer: object) -> str:
    """What a worker said, for people. dask may turn errors into others that say their types."""
    told = said(answer) if isinstance(answer, Exception) else display(str(answer))[:500]
    return f"viewra is not installed there ({told})" if "No module named 'viewra'" in told else told
