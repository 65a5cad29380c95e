"""Measures reloads under load: 16 threads call without pause while the plugin's code is edited on disk.

The duration of these calls is compared with that of calls in the same run without a reload, before and after.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path

from viewra import Host
from viewra.errors import PluginError

MOST_SLOWER = 3.0
THREADS = 16
QUIET_S = 10.0
"""Seconds without a reload, before and after, for the comparison."""

MANIFEST = """
id: "searcher"
name: "searcher"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
capabilities: search_service: true
"""
PLUGIN = """
from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve

class Searcher(Plugin):
    def search(self, query, limit, offset):
        return SearchResponse((SearchResult("1", "{version}"),), 1)

    def get_search_capabilities(self):
        return SearchCapabilities(("q",))

serve(Searcher())
"""


class Callers:
    """Threads that call; ``took`` has the seconds of each call since it was last emptied."""

    def __init__(self, host: Host) -> None:
        self.took: list[float] = []
        self.failures: list[PluginError] = []
        self.too_old = 0
        self.oldest = 0
        self._host = host
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        search = self._host.plugins["searcher"].search
        assert search is not None
        while not self._over.is_set():
            oldest, began = self.oldest, time.perf_counter()
            try:
                version = int(search.search({"q": "x"}, 1, 0).results[0].title)
            except PluginError as error:
                self.failures.append(error)
                continue
            self.took.append(time.perf_counter() - began)
            self.too_old += version < oldest

    def p99(self) -> tuple[float, int]:
        """The 99th percentile and the number of the calls since the last call of this method."""
        took, self.took = self.took, []
        return statistics.quantiles(took, n=100)[98], len(took)

    def close(self) -> None:
        """End the threads."""
        self._over.set()
        for thread in self._threads:
            thread.join()


def main(argv: list[str]) -> int:
    """Print failed calls, calls answered by an old process, and p99; exit status 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks reload")
    parser.add_argument("--reloads", type=int, default=50)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        directory = Path(scratch, "plugins", "searcher")
        directory.mkdir(parents=True)
        (directory / "plugin.cue").write_text(MANIFEST)
        _write(directory, 0)
        with Host(plugin_dirs=[directory.parent], data_dir=Path(scratch, "data")) as host:
            host.plugins["searcher"].enable()
            host.plugins["searcher"].load()
            return _measure(host, directory, options.reloads)


def _measure(host: Host, directory: Path, reloads: int) -> int:
    plugin = host.plugins["searcher"]
    callers = Callers(host)
    try:
        time.sleep(1)
        callers.p99()
        time.sleep(QUIET_S)
        before, _ = callers.p99()
        began = time.monotonic()
        for number in range(1, reloads + 1):
            _write(directory, number)
            while plugin.stats.reloads < number:
                if time.monotonic() - began > 60 + 10 * reloads:
                    raise SystemExit(f"reload {number} did not come: {plugin.state} {plugin.reason}")
                time.sleep(0.01)
            callers.oldest = number  # from now on no older process may answer
        seconds = time.monotonic() - began
        during, calls = callers.p99()
        time.sleep(QUIET_S)
        after, _ = callers.p99()
    finally:
        callers.close()
    quiet = statistics.mean((before, after))
    print(f"{reloads} reloads in {seconds:.0f} s under {THREADS} threads: {calls} calls")
    print(f"failed: {len(callers.failures)}; answered by a process older than the last reload: {callers.too_old}")
    ratio = during / quiet
    told = f"p99 {during * 1000:.1f} ms, without reloads {quiet * 1000:.1f} ms"
    print(f"{told}: ratio {ratio:.2f} (at most {MOST_SLOWER})")
    for failure in callers.failures[:3]:
        print(f"  {failure}")
    return bool(callers.failures or callers.too_old or ratio > MOST_SLOWER)


def _write(directory: Path, version: int) -> None:
    draft = directory / "main.py.tmp"
    draft.write_text(PLUGIN.format(version=version))
    draft.replace(directory / "main.py")
