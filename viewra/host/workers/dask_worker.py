"""What viewra has in the processes of a dask cluster, for as long as a scan is connected to them.

It imports nothing of viewra before its version is compared: the scheduler needs none of it, and a worker with another
version has to say so. None of its functions raises with a plan at hand: dask would log the arguments, secrets included.
"""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections import deque
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from distributed import Scheduler, SchedulerPlugin, Worker, WorkerPlugin

if TYPE_CHECKING:
    from viewra.host.workers.plan import Plan
    from viewra.host.workers.worker_host import WorkerHost

_gone: deque[str] = deque(maxlen=1000)
"""Names that ``end`` was asked for, maybe before ``begin`` came: a worker that hung hears of both at once."""
_ending: set[asyncio.Future[Any]] = set()
"""What a scheduler has asked of workers: its loop keeps no reference."""
_lock = threading.Lock()


class ViewraWorker(WorkerPlugin):
    """Has a worker read for one scan, as long as both are there. ``name`` is that of the connection.

    ``refusal`` says on the worker why it does not read, ``""`` if it does.
    """

    def __init__(self, name: str, plan: Plan) -> None:
        self.name = name
        self.refusal = ""
        self._version = plan.viewra
        self._sealed = pickle.dumps(plan)
        self._host: WorkerHost | None = None
        self._over = False

    async def setup(self, worker: Worker) -> None:
        """Be ready; the host opens at the first batch."""
        self.refusal = await asyncio.to_thread(self._begin, str(worker.name))  # imports take seconds

    async def teardown(self, worker: Worker) -> None:
        """End the plugins, when the scan is over or the worker ends."""
        del worker
        await asyncio.to_thread(self._end)  # dask calls this on the thread that hears the scheduler

    def _begin(self, worker: str) -> str:
        if self._version != (ours := version("viewra")):
            return f"viewra {ours} is installed there, and the scanning host has {self._version}"
        from viewra.host.workers import reading  # after the versions are known to agree

        try:
            host = reading.begin(pickle.loads(self._sealed), worker)  # noqa: S301 - dask has unpickled this object
        except Exception as error:
            return f"it does not understand the plan: {type(error).__name__}: {error}"
        with _lock:
            self._host = host
            over = self._over
        if over:  # meanwhile
            reading.end(host)
        return ""

    def _end(self) -> None:
        from viewra.host.workers import reading

        with _lock:
            self._over = True
            host, self._host = self._host, None
        if host is not None:
            reading.end(host)


class ViewraScheduler(SchedulerPlugin):
    """Ends at the workers what a scanning host has begun there, when its connection ends: it may have been killed."""

    def __init__(self, name: str, client: str) -> None:
        self.name = name
        self._client = client

    def remove_client(self, scheduler: Scheduler, client: str) -> None:
        """A client's connection has ended."""
        if client != self._client:
            return
        scheduler.remove_plugin(self.name)
        message = {"op": "run", "function": pickle.dumps(end), "args": pickle.dumps((self.name,)), "wait": True}
        asked = asyncio.ensure_future(scheduler.broadcast(msg=message, on_error="ignore"))
        _ending.add(asked)
        asked.add_done_callback(_ending.discard)


async def begin(plugin: ViewraWorker, dask_worker: Worker) -> str:
    """On a worker: have it read for a scan; gives why it does not, ``""`` if it does."""
    if plugin.name in _gone:
        return "the scan is over"
    try:
        answer = await dask_worker.plugin_add(plugin)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return plugin.refusal if answer["status"] == "OK" else str(answer.get("exception_text", "it fails"))


async def end(name: str, dask_worker: Worker) -> None:
    """On a worker: read no more for the scan of this connection, and end its plugins."""
    _gone.append(name)
    if name in dask_worker.plugins:
        await dask_worker.plugin_remove(name)
