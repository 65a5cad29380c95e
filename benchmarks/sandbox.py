"""Measures a plugin's start and calls in a sandbox, against those without one, in turn."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.reload import MANIFEST, PLUGIN
from viewra import Host

MOST_MS = 30.0
CALLS = 2000


def main(argv: list[str]) -> int:
    """Print the medians; exit status 1 if a start takes over 30 ms longer, or a call over 10 % longer."""
    rounds = int(argv[0]) if argv else 15
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch, "plugins", "searcher")
        directory.mkdir(parents=True)
        (directory / "plugin.cue").write_text(MANIFEST)
        (directory / "main.py").write_text(PLUGIN.replace("{version}", "1"))
        starts: dict[str, list[float]] = {"off": [], "auto": []}
        calls: dict[str, list[float]] = {"off": [], "auto": []}
        for number in range(rounds):
            for sandbox in ("off", "auto") if number % 2 else ("auto", "off"):
                start, call = _measure(Path(scratch), sandbox)
                starts[sandbox].append(start)
                calls[sandbox].append(call)
    more = statistics.median(1000 * (a - b) for a, b in zip(starts["auto"], starts["off"], strict=True))
    slower = statistics.median(a / b for a, b in zip(calls["auto"], calls["off"], strict=True))
    start = 1000 * statistics.median(starts["off"])
    print(f"a start: {start:.0f} ms without a sandbox, {more:+.1f} ms with one ({rounds} pairs; limit {MOST_MS:g} ms)")
    print(f"a call: {slower:.2f} × of one without (limit 1.1)")
    return more > MOST_MS or slower > 1.1


def _measure(scratch: Path, sandbox: str) -> tuple[float, float]:
    """The seconds of a start, and the median of a call."""
    with Host(plugin_dirs=[scratch / "plugins"], data_dir=scratch / "data", watch=False, sandbox=sandbox) as host:
        plugin = host.plugins["searcher"]
        plugin.enable()
        began = time.perf_counter()
        plugin.load()
        start = time.perf_counter() - began
        took: list[float] = []
        search = plugin.search
        assert search is not None
        for _ in range(CALLS):
            began = time.perf_counter()
            search.search({"q": "x"}, 1, 0)
            took.append(time.perf_counter() - began)
    return start, statistics.median(took)
