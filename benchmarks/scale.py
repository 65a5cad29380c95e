"""Measures one scan over 1, 2 and 3 workers of a dask cluster, and draws what a simulation makes of it up to 64.

A plugin that waits, as for a network, and one that computes; what writer and scheduler need for a file is measured with
one that does neither. The rate is that between a quarter and three quarters of the
files, when all workers have started. All processes are on this machine, so what computes cannot be quicker than its
cores; waiting can.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import cluster_model, cluster_picture
from viewra.batch import BATCH_S

LEAST_SHARE = 0.85
"""Of N times the speed of one worker, for the plugin that waits."""
CLOSE = 0.2
"""How far the simulation may be from what was measured."""
FILES = 200
"""Files for each worker."""
HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"

IDLE_S = 3.0
"""Seconds for which the scheduler is watched before a scan."""

_MANIFEST = (
    'id: "bench"\nname: "Bench"\nversion: "1.0.0"\ntype: "generic"\nentry_points: main: "main.py"\n'
    "capabilities: metadata_scraper: true\n"
)
_PLUGIN = """\
import hashlib, time
from viewra.sdk import Plugin, serve

class Bench(Plugin):
    def get_supported_types(self):
        return ["audio/*"]

    def can_handle(self, file_path, mime_type):
        return True

    def extract_metadata(self, file_path):
        until = %s() + %f
        while (left := until - %s()) > 0:
            %s
        name = file_path.rpartition("/")[2]
        return {"title": name, "artist": "Some artist", "album": "Album " + name[:3], "genre": "Test",
                "comment": "what a file with usual tags has " * 4, "duration": "123.4", "codec": "mp3"}

serve(Bench())
"""
_KINDS = {
    "waits": (0.05, "time.monotonic", "time.sleep(left)"),
    "computes": (0.02, "time.process_time", "hashlib.sha256(bytes(4096)).digest()"),
    "instant": (0.0, "time.monotonic", "pass"),
}
"""Seconds that each plugin takes for a file, by which clock, and how."""


def main(argv: list[str]) -> int:
    """Print rates, their shares and the writer's costs; exit status 1 if the plugin that waits is beyond its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale")
    parser.add_argument("--files", type=int, default=FILES, help="for each worker")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--database", default="", metavar="URL", help="what the writer's costs are measured with")
    parser.add_argument("--picture", type=Path, default=DOCS / "scaling.svg", metavar="FILE")
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.one:
        return _one(*options.one)
    measured: dict[str, dict[int, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        for kind in ("waits", "computes"):
            measured[kind] = {
                count: _scan(Path(scratch), kind, count, options.files * count) for count in options.workers
            }
        costs = _costs(
            measured["waits"][options.workers[0]],
            _scan(Path(scratch), "instant", 1, 80 * options.files, options.database),
        )
    for name, (value, unit) in costs.shown.items():
        print(f"{name}: {value:,.2f} {unit}")
    missed = False
    for kind, by_count in measured.items():
        one = by_count[options.workers[0]]["files_per_s"] / options.workers[0]
        for count, run in by_count.items():
            share = run["files_per_s"] / (one * count)
            limit = f" (at least {LEAST_SHARE})" if kind == "waits" and count > 1 else ""
            print(f"{kind}, {count} workers: {run['files_per_s']:.1f} files/s, {share:.2f} × {count} of one{limit}")
            missed |= bool(limit) and share < LEAST_SHARE
    for count, run in measured["waits"].items():
        model = cluster_model.rate(costs, workers=count)
        print(f"simulated, {count} workers: {model:.1f} files/s, {model / run['files_per_s']:.2f} of what was measured")
        missed |= abs(model / run["files_per_s"] - 1) > CLOSE
    points = {count: run["files_per_s"] for count, run in measured["waits"].items()}
    options.picture.write_text(cluster_picture.drawn(cluster_model.curves(costs), points), "utf-8")
    for name, curve in cluster_model.curves(costs).items():
        print(f"{name}: " + ", ".join(f"{count}: {rate:,.0f}" for count, rate in curve.items()) + " files/s")
    return missed


def _costs(waits: dict[str, float], instant: dict[str, float]) -> cluster_model.Costs:
    return cluster_model.Costs(
        read_s=waits["read_s"],
        batch=max(1, round(BATCH_S / waits["read_s"])),
        outside_s=max(0.0, instant["writer_s"] - instant["locked_cpu_s"]),
        locked_s=instant["locked_s"],
        scheduler_s=instant["scheduler_s"] * instant["batch"],
        bytes_asked=instant["asked"],
        bytes_answered=instant["answered"],
    )


def _make_plugin(directory: Path, kind: str) -> None:
    directory.mkdir(parents=True)
    takes_s, clock, busy = _KINDS[kind]
    (directory / "plugin.cue").write_text(_MANIFEST)
    (directory / "main.py").write_text(_PLUGIN % (clock, takes_s, clock, busy))


def _scan(scratch: Path, kind: str, workers: int, files: int, database: str = "") -> dict[str, float]:
    folder = scratch / f"{kind}-{workers}"
    _make_plugin(folder / "plugins" / "bench", kind)
    library = folder / "library"
    library.mkdir()
    for number in range(files):
        (library / f"{number:05}.mp3").write_text("x")
    with _cluster(folder, workers) as (address, scheduler):
        argv = [sys.executable, "-m", "benchmarks", "scale", "--one", address, str(scheduler)]
        done = subprocess.run(
            [*argv, str(folder), str(library), database], stdout=subprocess.PIPE, text=True, check=True, timeout=600
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def _cluster(folder: Path, workers: int) -> Iterator[tuple[str, int]]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    place = ["--no-dashboard", "--host", "127.0.0.1"]
    processes = [subprocess.Popen([*dask, "scheduler", *place, "--port", str(port)], **quiet)]  # type: ignore[call-overload]
    try:
        for number in range(workers):
            argv = [*dask, "worker", f"tcp://127.0.0.1:{port}", *place, "--nthreads", "1", "--no-nanny"]
            more = ["--name", f"worker-{number}", "--local-directory", str(folder)]
            environment = {**os.environ, "XDG_DATA_HOME": str(folder / f"home-{number}")}
            processes.append(subprocess.Popen([*argv, *more], env=environment, **quiet))  # type: ignore[call-overload]
        yield f"127.0.0.1:{port}", processes[0].pid
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)


def _one(address: str, scheduler: str, folder: str, library: str, database: str) -> int:
    """One scan in this process: its rate and costs as JSON."""
    import psutil

    from viewra import Host
    from viewra.host.workers import dask_engine
    from viewra.host.workers.choice import parse_engine
    from viewra.library import ScanProgress

    sizes = {"asked": 0, "answered": 0, "files": 0, "batches": 0, "read_s": 0.0, "all": 0}
    submit = dask_engine.DaskEngine.submit

    def counted(engine: Any, function: Any, /, *arguments: Any) -> Any:
        future = submit(engine, function, *arguments)
        sizes["all"] += 1
        if sizes["batches"] < 20:  # to weigh more would show in the costs

            def weigh(done: Any) -> None:
                if done.cancelled() or done.exception() is not None or not hasattr(done.result(), "outcomes"):
                    return
                sizes["asked"] += len(pickle.dumps(arguments))
                sizes["answered"] += len(pickle.dumps(done.result()))
                sizes["files"] += len(done.result().outcomes)
                sizes["read_s"] += done.result().took_s
                sizes["batches"] += 1

            future.add_done_callback(weigh)
        return future

    dask_engine.DaskEngine.submit = counted  # type: ignore[method-assign]
    total = sum(1 for _ in Path(library).iterdir())
    seen: list[tuple[float, int, float, float]] = []

    def tell(progress: ScanProgress) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        times = planner.cpu_times()
        point = (
            time.monotonic(),
            sum(progress.workers.values()),
            used.ru_utime + used.ru_stime,
            times.user + times.system,
        )
        seen.append(point)

    planner = psutil.Process(int(scheduler))
    before = planner.cpu_times()
    time.sleep(IDLE_S)  # what it needs without any batch must not count
    idle = (planner.cpu_times().user + planner.cpu_times().system - before.user - before.system) / IDLE_S
    data = Path(folder, "data")
    url = database or None
    with Host(
        data_dir=data, database_url=url, plugin_dirs=[Path(folder, "plugins")], watch=False, sandbox="off"
    ) as host:
        for plugin in host.plugins.values():
            (plugin.enable if plugin.id == "bench" else plugin.disable)()
        report = host.scan(library, engine=parse_engine(f"dask://{address}"), progress=tell)
    within = [one for one in seen if total / 4 <= one[1] <= total * 3 / 4]
    if len(within) < 10:  # it was over at once: all of the reading
        within = [one for one in seen if one[1]]
    (at, files, used, planned), (then, more, later, after) = within[0], within[-1]
    count = max(1, more - files)
    locked = [one for one in report.stages if one.name in {"storing", "search index", "catalogue", "notifications"}]
    locked_cpu_s = sum(one.cpu_s or 0 for one in locked)
    # What a server does is in no processor time of this process, which holds the lock meanwhile.
    locked_s = sum(one.took_s for one in locked) if url else locked_cpu_s
    print(
        json.dumps(
            {
                "files_per_s": count / (then - at),
                "writer_s": (later - used) / count,
                "locked_s": locked_s / total,
                "locked_cpu_s": locked_cpu_s / total,
                "scheduler_s": max(0.0, after - planned - idle * (then - at)) / count,
                "asked": sizes["asked"] / sizes["files"],
                "answered": sizes["answered"] / sizes["files"],
                "read_s": sizes["read_s"] / sizes["files"],
                "batch": total / sizes["all"],
            }
        )
    )
    return 0
