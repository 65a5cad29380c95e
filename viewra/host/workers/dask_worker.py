"""What dask registers with each worker: it has a plugin host for a scan as long as both are there."""

from __future__ import annotations

import asyncio

from distributed import Worker, WorkerPlugin

from viewra.host.workers import reading
from viewra.host.workers.plan import Plan


class ViewraWorker(WorkerPlugin):
    """Has a worker read for one scan: dask calls it for those that are there, and for each that comes later."""

    def __init__(self, plan: Plan) -> None:
        self.name = f"viewra-{plan.scan}"
        self._plan = plan

    async def setup(self, worker: Worker) -> None:
        """Be ready; the host opens at the first batch."""
        reading.begin(self._plan, str(worker.name))

    async def teardown(self, worker: Worker) -> None:
        """End the plugins, when the scan is over or the worker ends."""
        del worker
        await asyncio.to_thread(reading.end, self._plan.scan)  # dask calls this on the thread that hears the scheduler
