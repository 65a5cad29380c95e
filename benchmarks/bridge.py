"""Times calls of host services by a plugin in a process.

``kv.get`` against a bare unary call of the host to it, alternating within one run: of many short rounds the quickest
tenth counts, which other work on the machine disturbs least. Tasks that it enqueues by the thousand, and one by one,
against values that it stores with ``kv.set``.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.transport import bare_server
from viewra import Host

MOST = 1.3
"""The limit: kv.get as a part of a bare unary call in the other direction."""
LEAST_TASKS = 2000
"""Tasks that a plugin can enqueue in a second."""
_PLUGIN = """
import time
from viewra import sdk
from viewra.types import NewTask

class Asking(sdk.Plugin):
    def start(self):
        self.host.kv.set("key", "value")

    def search(self, query, limit, offset):
        count, tasks = int(query["count"]), self.host.tasks
        do = {
            "get": lambda: [self.host.kv.get("key") for _ in range(count)],
            "set": lambda: [self.host.kv.set("key", number) for number in range(count)],
            "enqueue": lambda: [tasks.enqueue("task", number, delay_s=10**6) for number in range(count)],
            "many": lambda: tasks.enqueue_many([NewTask("task", number, delay_s=10**6) for number in range(count)]),
        }[query["do"]]
        began = time.perf_counter()
        do()
        return sdk.SearchResponse((sdk.SearchResult("1", str((time.perf_counter() - began) / count)),), 1)

    def get_search_capabilities(self):
        return sdk.SearchCapabilities(fields=("count", "do"))

sdk.serve(Asking())
"""
_MANIFEST = """
id: "asking"
name: "Asking"
version: "1.0.0"
type: "search"
entry_points: main: "main.py"
capabilities: search_service: true
"""


def main(argv: list[str]) -> int:
    """Print the times and their ratios; exit status 1 if one is beyond its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks bridge")
    parser.add_argument("--calls", type=int, default=10, metavar="N", help="calls in one round")
    parser.add_argument("--rounds", type=int, default=400, metavar="N")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viewra-") as scratch:
        directory = Path(scratch, "plugins", "asking")
        directory.mkdir(parents=True)
        (directory / "main.py").write_text(_PLUGIN)
        (directory / "plugin.cue").write_text(_MANIFEST)
        host = Host(data_dir=Path(scratch, "data"), plugin_dirs=[directory.parent], watch=False)
        with host, bare_server(Path(scratch)) as bare:
            host.plugins["asking"].enable()
            count = options.calls
            ours, theirs = _alternating(lambda: _asked(host, count), lambda: _timed(bare.call, count), options.rounds)
            single, stored = _alternating(
                lambda: _asked(host, count, "enqueue"), lambda: _asked(host, count, "set"), options.rounds
            )
            many = statistics.median(_asked(host, 1000, "many") for _ in range(9))
    ratio = ours / theirs
    print(f"kv.get          {ours * 1e6:8.0f} µs")
    print(f"bare unary call {theirs * 1e6:8.0f} µs")
    print(f"ratio           {ratio:8.2f}  (at most {MOST})")
    print(f"tasks enqueued by the thousand {1 / many:8,.0f} a second  (at least {LEAST_TASKS:,})")
    print(f"tasks enqueued one by one      {1 / single:8,.0f} a second, {single / stored:.2f} of the time of kv.set")
    return int(ratio > MOST or 1 / many < LEAST_TASKS)


def _asked(host: Host, count: int, do: str = "get") -> float:
    search = host.plugins["asking"].search
    assert search is not None
    return float(search.search({"count": str(count), "do": do}, 1, 0).results[0].title)


def _timed(call: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - began) / count


def _alternating(one: Callable[[], float], other: Callable[[], float], rounds: int) -> tuple[float, float]:
    one(), other()
    pairs = [(one(), other()) for _ in range(rounds)]
    both = zip(*pairs, strict=True)
    first, second = (sorted(times)[len(times) // 10] for times in both)
    return first, second
