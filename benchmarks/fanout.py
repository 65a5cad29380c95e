"""Measures a hook with ten plugins that take 50 ms each, against the same hook with one of them."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.transport import MANIFEST
from viewra import Host

PLUGINS, WORK_S = 10, 0.05
MOST_S = 0.06
PLUGIN = f"""
import time
from viewra.sdk import Plugin, SearchResponse, serve

class Slow(Plugin):
    def search(self, query, limit, offset):
        time.sleep({WORK_S})
        return SearchResponse()

    def get_search_capabilities(self):
        raise NotImplementedError

serve(Slow())
"""


def main(argv: list[str]) -> int:
    """Print how long the hook takes with one plugin and with ten; exit status 1 if ten take over 60 ms."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks fanout", description=__doc__)
    parser.add_argument("--calls", type=int, default=50)
    options = parser.parse_args(argv)
    names = [f"slow{number}" for number in range(PLUGINS)]
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        for name in names:
            directory = Path(scratch, "plugins", name)
            directory.mkdir(parents=True)
            (directory / "plugin.cue").write_text(MANIFEST.replace('"searcher"', f'"{name}"'))
            (directory / "main.py").write_text(PLUGIN)
        with Host(plugin_dirs=[Path(scratch, "plugins")], data_dir=Path(scratch, "data"), watch=False) as host:
            host.plugins[names[0]].enable()
            one = _hook_s(host, options.calls, 1)
            for name in names[1:]:
                host.plugins[name].enable()
            ten = _hook_s(host, options.calls, PLUGINS)
    print(f"a hook that takes {WORK_S * 1e3:g} ms: one plugin {one * 1e3:.1f} ms, {PLUGINS} plugins {ten * 1e3:.1f} ms")
    print(f"{ten / one:.2f} times one plugin's")
    print(f"{PLUGINS} plugins of {WORK_S * 1e3:g} ms, of {MOST_S * 1e3:g} ms: ratio {ten / MOST_S:.2f} (at most 1)")
    return int(ten > MOST_S)


def _hook_s(host: Host, calls: int, results: int) -> float:
    """The median of a call, in seconds; the first one starts the plugins."""
    took = []
    for _ in range(calls + 1):
        began = time.perf_counter()
        found = host.hook.search(query={"q": "x"}, limit=1, offset=0)
        took.append(time.perf_counter() - began)
        if len(found) != results or any(one.error for one in found):
            raise SystemExit(f"not all have answered: {found}")
    return statistics.median(took[1:])
