"""Measures a plugin process against a bare grpcio server: time to the first answer, time of a call, memory.

Both run in turn under this process; the ratios are of pairs, so that a noisy machine affects both alike. The memory of
the plugin's guardian is shown separately: a bare server has none.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs
import grpc
import psutil

from viewra import Host
from viewra.pb import plugin_pb2, plugin_pb2_grpc

MOST_START, MOST_CALL, MOST_MEMORY = 1.15, 1.10, 1.20
_WARM = 50  # calls before memory and time are taken
_BLOCK = 5  # calls of one side in a row

MANIFEST = """
id: "searcher"
name: "searcher"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
capabilities: search_service: true
"""
PLUGIN = """
from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, serve

class Searcher(Plugin):
    def search(self, query, limit, offset):
        return SearchResponse()

    def get_search_capabilities(self):
        return SearchCapabilities(("title", "artist", "album"), supports_pagination=True, max_results=100)

serve(Searcher())
"""


@attrs.frozen
class Running:
    """A server that has answered its first call."""

    pid: int
    call: Callable[[], object]
    start_s: float


@attrs.define
class Sample:
    """One pair's measurement: seconds, seconds per call, MB."""

    start_s: float
    call_s: float
    memory_mb: float
    guardian_mb: float = 0.0


def main(argv: list[str]) -> int:
    """Print the three ratios; exit status 1 if one is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks transport")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=1000, help="calls of each side in a round")
    options = parser.parse_args(argv)
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="viewra-bench-")))
        host = resources.enter_context(one_plugin(folder))
        pairs = [_pair(host, folder, options.calls, swap=bool(number % 2)) for number in range(options.rounds + 1)]
    del pairs[0]  # files are read from disk and compiled
    broken = False
    for name, unit, factor, limit in (
        ("start_s", "ms to the first reply", 1e3, MOST_START),
        ("call_s", "µs a call", 1e6, MOST_CALL),
        ("memory_mb", "MB a process (PSS)", 1, MOST_MEMORY),
    ):
        ours, bare = ([getattr(pair[side], name) * factor for pair in pairs] for side in (0, 1))
        ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
        broken |= ratio > limit
        middle = (statistics.median(ours), statistics.median(bare))
        print(f"{unit:>22}: plugin {middle[0]:7.1f}, bare grpcio {middle[1]:7.1f}, ratio {ratio:.2f} (limit {limit})")
    print(f"{'MB a guardian (PSS)':>22}: {statistics.median(pair[0].guardian_mb for pair in pairs):14.1f}")
    return int(broken)


@contextmanager
def one_plugin(folder: Path) -> Iterator[Host]:
    """Run a host with a plugin called searcher, which zygotes do not start."""
    directory = folder / "plugins" / "searcher"
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text(MANIFEST)
    (directory / "main.py").write_text(PLUGIN)
    with Host(plugin_dirs=[folder / "plugins"], data_dir=folder / "data", zygote="off") as host:
        host.plugins["searcher"].enable()
        yield host


def _pair(host: Host, folder: Path, calls: int, *, swap: bool) -> tuple[Sample, Sample]:
    with ExitStack() as running:
        starts = [started(host), bare_server(folder)]
        order = (1, 0) if swap else (0, 1)
        sides: dict[int, Running] = {}
        for side in order:
            sides[side] = running.enter_context(starts[side])
        samples = [Sample(sides[side].start_s, 0.0, 0.0) for side in (0, 1)]
        for side in order:
            for _ in range(_WARM):
                sides[side].call()
        for side in order:
            samples[side].memory_mb = memory_mb(sides[side].pid)
        samples[0].guardian_mb = memory_mb(psutil.Process(sides[0].pid).ppid())
        spent: tuple[list[float], list[float]] = ([], [])
        for _ in range(calls // _BLOCK):  # short turns, so that a busy machine slows down both alike
            for side in order:
                for _ in range(_BLOCK):
                    began = time.perf_counter()
                    sides[side].call()
                    spent[side].append(time.perf_counter() - began)
        for side in order:
            samples[side].call_s = statistics.median(spent[side])
    return samples[0], samples[1]


@contextmanager
def started(host: Host, name: str = "searcher") -> Iterator[Running]:
    """Start a plugin, and yield how to call it."""
    plugin = host.plugins[name]
    began = time.perf_counter()
    plugin.load()
    search = plugin.search
    assert search is not None
    search.get_search_capabilities()
    took = time.perf_counter() - began
    assert plugin.pid is not None
    try:
        yield Running(plugin.pid, search.get_search_capabilities, took)
    finally:
        plugin.unload()


@contextmanager
def bare_server(folder: Path) -> Iterator[Running]:
    """Start a bare grpcio server, and yield how to call it."""
    socket = folder / "bare"
    script = str(Path(__file__).with_name("bare_server.py"))
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, script, str(socket)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with grpc.insecure_channel(f"unix:{socket}") as channel:
            stub = plugin_pb2_grpc.SearchServiceStub(channel)
            request = plugin_pb2.GetSearchCapabilitiesRequest()
            stub.GetSearchCapabilities(request, timeout=30)
            took = time.perf_counter() - began
            yield Running(process.pid, lambda: stub.GetSearchCapabilities(request, timeout=30), took)
            process.communicate()


def memory_mb(pid: int) -> float:
    """The process's proportional set size: shared memory counts in parts."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    line = next(line for line in text.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) / 1024


def cpu_s(pid: int) -> float:
    """Seconds of processor time of all threads of a process, to the nanosecond: the usual counters are too coarse."""
    stats = [task / "schedstat" for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int(one.read_text().split()[0]) for one in stats) / 1e9
