"""What a process that reads for scans of other hosts is asked to do: its hosts, one for each scan.

The functions are pickled by their names, so they find the hosts in this module.
"""

from __future__ import annotations

import threading

from viewra.host.workers.plan import Plan
from viewra.host.workers.worker_host import WorkerHost
from viewra.library.engine import Answer, Request, Unfit

_hosts: dict[str, WorkerHost] = {}
_lock = threading.Lock()


def begin(plan: Plan, worker: str) -> WorkerHost:
    """Be ready to read for a scan, as the worker of this name; its host opens at the first batch."""
    host = WorkerHost(plan, worker)
    with _lock:
        _hosts[plan.scan] = host
    return host


def end(host: WorkerHost) -> None:
    """Read no more for a scan, unless another host has begun to meanwhile, and end the plugins of this one."""
    with _lock:
        if _hosts.get(host.scan) is host:
            del _hosts[host.scan]
    host.close()


def read(request: Request) -> Answer:
    """Read a batch."""
    with _lock:
        host = _hosts.get(request.scan)
    return host.read(request) if host is not None else Unfit("", "does not know of this scan")
