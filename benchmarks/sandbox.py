"""Measures a plugin's start and calls in a sandbox, against those without one, in turn."""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.reload import MANIFEST, PLUGIN
from viewra import Host
from viewra.process.stat import stat

MOST_MS = 30.0
CALLS = 2000


def main(argv: list[str]) -> int:
    """Print the medians; exit status 1 if a start takes over 30 ms longer, or a call over 10 % longer.

    The processor time of host, guardian and plugin counts, and the clock unless the machine was busy: then the
    clock measures other processes, too.
    """
    rounds = int(argv[0]) if argv else 15
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch, "plugins", "searcher")
        directory.mkdir(parents=True)
        (directory / "plugin.cue").write_text(MANIFEST)
        (directory / "main.py").write_text(PLUGIN.replace("{version}", "1"))
        for sandbox in ("off", "auto"):  # what is imported and compiled once, belongs to neither
            _measure(Path(scratch), sandbox)
        found: dict[str, list[tuple[float, float, float]]] = {"off": [], "auto": []}
        for number in range(rounds):
            for sandbox in ("off", "auto") if number % 2 else ("auto", "off"):
                found[sandbox].append(_measure(Path(scratch), sandbox))
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    start, processor, call = zip(*found["off"], strict=True)
    start_in, processor_in, call_in = zip(*found["auto"], strict=True)
    wall, work = _more(start_in, start), _more(processor_in, processor)
    slower = statistics.median(a / b for a, b in zip(call_in, call, strict=True))
    print(
        f"a start: {statistics.median(start):.0f} ms without a sandbox, {wall:+.1f} ms with one, of these "
        f"{work:+.1f} ms of processor time ({rounds} pairs; limit {MOST_MS:g} ms"
        f"{', the machine was busy' if busy else ''})"
    )
    print(f"a call: {slower:.2f} × of one without (limit 1.1)")
    return work > MOST_MS or (wall > MOST_MS and not busy) or slower > 1.1


def _more(confined: tuple[float, ...], free: tuple[float, ...]) -> float:
    return statistics.median(a - b for a, b in zip(confined, free, strict=True))


def _measure(scratch: Path, sandbox: str) -> tuple[float, float, float]:
    """Milliseconds of a start, processor time of that start, and the median of a call."""
    with Host(plugin_dirs=[scratch / "plugins"], data_dir=scratch / "data", watch=False, sandbox=sandbox) as host:
        plugin = host.plugins["searcher"]
        plugin.enable()
        began, worked = time.perf_counter(), time.process_time()
        plugin.load()
        start, work = time.perf_counter() - began, time.process_time() - worked
        pid = plugin.pid
        assert pid is not None
        found = stat(pid)
        assert found is not None
        work += _processor_s(pid) + _processor_s(found.parent)
        took: list[float] = []
        search = plugin.search
        assert search is not None
        for _ in range(CALLS):
            began = time.perf_counter()
            search.search({"q": "x"}, 1, 0)
            took.append(time.perf_counter() - began)
    return 1000 * start, 1000 * work, 1000 * statistics.median(took)


def _processor_s(pid: int) -> float:
    """What all threads of a process used so far; ``stat`` counts in hundredths of a second, which is too coarse."""
    found = 0.0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended
            found += int((thread / "schedstat").read_text().split()[0]) / 1e9
    return found
