"""A dask cluster for tests: a scheduler and workers as processes, each worker with a network of its own where possible.

Workers are forks of a process that has imported viewra and dask. They are no users' ``dask worker`` with a nanny: what
is killed stays dead until a test starts another one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.eventually import eventually
from tests.forking import PIPE, Forked, Server, server

MODULES = ("distributed", "dask.config", "viewra.host.workers.dask_engine")
SUBNET = f"10.213.{os.getpid() % 250}"
IN_CLEAR = {"plaintext": True}

START = """\
import ctypes, json, os, sys
import dask
from viewra.host.installed import discovery
discovery.shipped_directory = lambda: None
told = json.loads(sys.argv[1])
if told["network"]:
    network = os.open("/run/netns/" + told["network"], os.O_RDONLY)
    assert ctypes.CDLL(None, use_errno=True).setns(network, 0x40000000) == 0, "setns"
dask.config.set({
    "distributed.comm.timeouts.tcp": "11s", "distributed.comm.timeouts.connect": "4s",
    "distributed.scheduler.worker-ttl": "4s", "distributed.scheduler.allowed-failures": told["failures"],
    "distributed.admin.tick.limit": "60s", "distributed.worker.memory.terminate": False,
    "distributed.worker.memory.pause": False, "distributed.worker.memory.spill": False,
    **told["config"],
})
"""
SCHEDULER = (
    START
    + """
import asyncio
from distributed import Scheduler

async def main():
    async with Scheduler(host=told["host"], port=told["port"], protocol=told["protocol"], dashboard=False) as scheduler:
        print(scheduler.port, flush=True)
        await scheduler.finished()

asyncio.run(main())
"""
)
WORKER = (
    START
    + """
import asyncio
from distributed import Worker

async def main():
    async with Worker(told["address"], name=told["name"], nthreads=1, dashboard=False, local_directory=told["place"],
                      host=told["host"]) as worker:
        print("ready", flush=True)
        await worker.finished()

asyncio.run(main())
"""
)
SCAN = (
    START
    + """
import attrs, threading
from viewra.host import Host
from viewra.host.workers import dask_engine
from viewra.host.workers.choice import TLS, parse_engine

for name, value in told["constants"].items():
    setattr(dask_engine, name, value)
engine = told["engine"] and parse_engine(told["engine"], tls=TLS(*told["tls"]), plaintext=told["plaintext"],
                                         maps=told["maps"])
host = Host(data_dir=told["data"], database_url=told["database"], plugin_dirs=[told["plugins"]], watch=False,
            lasting=True, sandbox=told["sandbox"])
with host:
    for plugin in host.plugins.values():
        plugin.enable(grant_requested=True)
    def tell(progress):
        print("read", progress.done, flush=True)
    cancel = threading.Event()
    if told["cancel"]:
        threading.Thread(target=lambda: (sys.stdin.read(1), cancel.set()), daemon=True).start()
    report = host.scan(told["library"], engine=engine or None, full=told["full"], retry_failed=told["retry"],
                       progress=tell, cancel=cancel)
    host.finish_notifications(10)
    print(json.dumps(attrs.asdict(report)), flush=True)
"""
)


def available() -> str:
    """Why there can be no cluster here, ``""`` if there can."""
    return "" if find_spec("distributed") else "dask is not installed: pip install 'viewra[dask]'"


class Cluster:
    """A scheduler, and workers by name. ``apart``: each worker has a network namespace of its own."""

    def __init__(
        self, place: Path, *, apart: bool, config: Mapping[str, object] | None = None, failures: int = 3
    ) -> None:
        self.apart = apart
        self.workers: dict[str, Forked] = {}
        self._place = place
        self._config = dict(config or {})
        self._failures = failures
        self._server: Server = server(also=MODULES)
        self._numbers: dict[str, int] = {}
        self._bridge = f"vw{os.getpid() % 100_000}"
        self.host = f"{SUBNET}.1" if apart else "127.0.0.1"
        self.protocol = "tls" if config else "tcp"
        self.scheduler: Forked | None = None
        self.port = _free_port()
        if apart:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("addr", "add", f"{self.host}/24", "dev", self._bridge)
            _ip("link", "set", self._bridge, "up")

    @property
    def address(self) -> str:
        return f"{self.protocol}://{self.host}:{self.port}"

    @property
    def engine(self) -> str:
        return f"dask://{self.host}:{self.port}"

    def start_scheduler(self) -> None:
        self.scheduler = self._start(SCHEDULER, "scheduler", host=self.host, port=self.port, protocol=self.protocol)
        assert self.scheduler.stdout is not None
        assert self.scheduler.stdout.readline().strip() == str(self.port)

    def start_worker(self, name: str) -> Forked:
        """Start a worker; ``await_workers`` waits for it."""
        number = self._numbers.setdefault(name, len(self._numbers) + 2)
        network, host = "", self.host
        if self.apart:
            network, host = f"{self._bridge}-{name}", f"{SUBNET}.{number}"
            if not Path("/run/netns", network).exists():
                self._make_network(network, number, host)
        place = str(self._place / name)
        self.workers[name] = self._start(
            WORKER, name, address=self.address, name=name, host=host, place=place, network=network
        )
        return self.workers[name]

    def await_workers(self) -> None:
        for worker in self.workers.values():
            assert worker.stdout is not None
            if worker.poll() is None:
                worker.stdout.readline()

    def cut(self, name: str, *, up: bool = False) -> None:
        """Cut a worker's network, or mend it; without namespaces it is stopped instead, which looks the same."""
        if self.apart:
            _ip("link", "set", f"{self._bridge}p{self._numbers[name]}", "up" if up else "down")
        else:
            import signal

            self.workers[name].send_signal(signal.SIGCONT if up else signal.SIGSTOP)

    def scan(self, data: Path, plugins: Path, library: Path, **more: Any) -> Forked:
        """Start a scan, in a process of its own, of which ``report_of`` gives the report."""
        told = {
            "engine": self.engine, "plaintext": True, "tls": ["", "", ""], "maps": [], "data": str(data),
            "plugins": str(plugins), "library": str(library), "full": False, "retry": False, "database": None,
            "sandbox": "off", "constants": {}, "cancel": False, **more,
        }  # fmt: skip
        return self._start(SCAN, "scan", stdin=PIPE if told["cancel"] else None, **told)

    def close(self) -> None:
        for process in (*self.workers.values(), self.scheduler):
            if process is not None:
                with process:
                    process.kill()
        if self.apart:
            for name, number in self._numbers.items():
                _ip("link", "del", f"{self._bridge}p{number}", check=False)  # a namespace may stay for a while
                _ip("netns", "del", f"{self._bridge}-{name}", check=False)
            _ip("link", "del", self._bridge, check=False)

    def _start(self, code: str, what: str, *, stdin: int | None = None, network: str = "", **told: Any) -> Forked:
        told = {"network": network, "config": self._config, "failures": self._failures, **told}
        argument = json.dumps(told)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("VIEWRA_")}
        environment |= {"XDG_DATA_HOME": str(self._place / "xdg" / what), "TMPDIR": str(self._place / "tmp")}
        (self._place / "tmp").mkdir(exist_ok=True)
        with (self._place / f"{what}.log").open("ab") as log:
            return self._server.start(
                ["-c", argument], code=code, env=environment, stdin=stdin, stdout=PIPE, stderr=log.fileno()
            )

    def _make_network(self, network: str, number: int, host: str) -> None:
        ours, theirs = f"{self._bridge}p{number}", f"{self._bridge}q{number}"
        _ip("netns", "add", network)
        _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", network)
        _ip("link", "set", ours, "master", self._bridge, "up")
        _ip("-n", network, "addr", "add", f"{host}/24", "dev", theirs)
        for device in (theirs, "lo"):
            _ip("-n", network, "link", "set", device, "up")


@contextmanager
def cluster(place: Path, names: tuple[str, ...] = ("nas-1", "nas-2", "nas-3"), **more: Any) -> Iterator[Cluster]:
    """A cluster that runs, with these workers."""
    made = Cluster(place, **{"apart": may_separate(), **more})
    try:
        made.start_scheduler()
        for name in names:
            made.start_worker(name)
        made.await_workers()
        yield made
    finally:
        made.close()


def report_of(scan: Forked, deadline_s: float = 60) -> dict[str, Any]:
    """Wait for the end of a scan; gives its report."""
    out, _ = scan.communicate(timeout=deadline_s)
    assert scan.wait() == 0, "the scan failed: see scan.log"
    report: dict[str, Any] = json.loads(out.splitlines()[-1])
    return report


def await_read(scan: Forked, count: int) -> None:
    """Wait until a scan has read so many files."""
    assert scan.stdout is not None
    while (line := scan.stdout.readline()).startswith("read"):
        if int(line.split()[1]) >= count:
            return
    raise AssertionError(f"the scan was over before {count} files were read: {line}")


def may_separate() -> bool:
    """Whether this process may give workers networks of their own."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"vwt{os.getpid()}"
    if _ip("netns", "add", name, check=False):
        return False
    bridged = not _ip("link", "add", name[:15], "type", "bridge", check=False)
    _ip("link", "del", name[:15], check=False)
    _ip("netns", "del", name, check=False)
    return bridged


def _ip(*arguments: str, check: bool = True) -> int:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    assert not check or done.returncode == 0, (arguments, done.stderr)
    return done.returncode


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def gone(pids: list[int]) -> None:
    """Wait until none of these processes is there."""
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), f"one of {pids} remains")
