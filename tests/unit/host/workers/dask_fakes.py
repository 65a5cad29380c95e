"""A dask worker and a cluster with its scheduler, as far as engines know them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from importlib.metadata import version
from typing import Any, cast

from viewra.host.workers import dask_worker
from viewra.host.workers.dask_worker import ViewraWorker
from viewra.host.workers.plan import Plan, PlannedPlugin

LIMIT_S = 20


def plan_of(of_version: str = "", scan: str = "scan") -> Plan:
    one = PlannedPlugin("reader", "v1", (), {"key": "a secret"}, {})
    return Plan(scan, of_version or version("viewra"), (one,), "/srv/music", {})


class FakeWorker:
    """A dask worker, as far as plugins know it."""

    def __init__(self) -> None:
        self.name, self.plugins = "nas-1", dict[str, Any]()

    async def plugin_add(self, plugin: ViewraWorker) -> dict[str, str]:
        self.plugins[plugin.name] = plugin
        await plugin.setup(cast("Any", self))
        return {"status": "OK"}

    async def plugin_remove(self, name: str) -> None:
        await self.plugins.pop(name).teardown(self)


class FakeTask:
    def __init__(self, cluster: FakeCluster, workers: list[str]) -> None:
        self.cluster, self.workers, self.cancelled = cluster, workers, False
        self.done: Future[Any] = Future()

    async def cancel(self, *, asynchronous: bool) -> None:
        self.cancelled = asynchronous


class FakeCluster:
    """Stands for a connection, its client and its scheduler. ``answers`` are what workers say who are to begin."""

    def __init__(self) -> None:
        self.client = self.scheduler = self
        self.status, self.id = "running", "Client-1"
        self.workers: dict[str, str] = {}
        self.answers: dict[str, object] = {}
        self.hang = False
        self.tasks: list[FakeTask] = []
        self.ended: list[list[str]] = []
        self.asked: list[str] = []
        self.closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    # a Connection
    def ask(self, question: Coroutine[Any, Any, Any], _timeout_s: float) -> Any:
        return asyncio.run_coroutine_threadsafe(question, self._loop).result(LIMIT_S)

    def soon(self, question: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(question, self._loop)

    def close(self, _timeout_s: float) -> None:
        self.closed = True

    def over(self) -> None:
        for task in self.tasks:
            task.done.cancel()
        self.ask(self._settle(), LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_S)
        self._loop.close()

    async def _settle(self) -> None:
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=LIMIT_S)

    # a scheduler, and a Client
    async def identity(self, n_workers: int) -> Any:
        assert n_workers == -1
        if self.hang:
            raise TimeoutError
        return {"workers": {address: {"name": name, "nthreads": 2} for address, name in self.workers.items()}}

    async def run(self, function: Any, *_: Any, workers: list[str], on_error: str) -> dict[str, object]:
        if function is dask_worker.end:
            self.ended.append(workers)
            return {}
        assert (function, on_error) == (dask_worker.begin, "return")
        (address,) = workers
        self.asked.append(address)
        return {address: self.answers.get(address, "")}

    def submit(self, _function: Any, *_: Any, pure: bool, workers: list[str]) -> FakeTask:
        assert not pure
        self.tasks.append(FakeTask(self, workers))
        return self.tasks[-1]

    async def gather(self, task: FakeTask, *, asynchronous: bool) -> Any:
        assert asynchronous
        return await asyncio.wrap_future(task.done)
