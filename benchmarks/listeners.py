"""Measures what a listener that stores a row for each file costs a first scan: library_history against none.

Scans with and without it take turns, each in a process of its own with a database of its own. The ratio is of the
processor time of all processes, the middle one of the pairs; what is pending is counted a second after each scan.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.scan import cpu_s, make_files
from viewra.cli import _garbage

MOST_RATIO = 1.10
AFTER_S = 1.0


def main(argv: list[str]) -> int:
    """Print the ratio, and what was pending; exit status 1 when either is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks listeners")
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", choices=["with", "without"], help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.one:
        return _one(Path(options.folder), listens=options.one == "with")
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        folder = Path(scratch)
        make_files(folder, options.files)
        rounds = [(_run("without", folder), _run("with", folder)) for _ in range(options.rounds)]
    bare_s, with_s = (statistics.median(one[index]["seconds"] for one in rounds) for index in (0, 1))
    bare_cpu, with_cpu = (statistics.median(one[index]["cpu"] for one in rounds) for index in (0, 1))
    pending = max(one[1]["pending"] for one in rounds)
    ratio = statistics.median(one[1]["cpu"] / one[0]["cpu"] for one in rounds)
    print(f"scan of {options.files} files: {bare_s:.2f} s without a listener, {with_s:.2f} s with library_history")
    print(f"processor time, of all processes: {bare_cpu:.2f} s, {with_cpu:.2f} s")
    print(f"pending {AFTER_S:g} s after it: {pending:g}")
    print(f"ratio {ratio:.2f} (at most {MOST_RATIO}), median of {options.rounds} pairs")
    return ratio > MOST_RATIO or pending > 0


def _run(mode: str, folder: Path) -> dict[str, float]:
    argv = [sys.executable, "-m", "benchmarks", "listeners", "--one", mode, str(folder)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _one(folder: Path, *, listens: bool) -> int:
    _garbage.put_off()  # as ``viewra scan`` does
    from viewra import Host

    _garbage.begin()
    with tempfile.TemporaryDirectory() as data_dir, Host(data_dir=data_dir) as host:
        _garbage.keep()
        history = host.plugins["library_history"]
        if listens:
            history.enable()
            history.load()  # its start, and its migration, are another benchmark's subject
        else:
            history.disable()
        host.plugins["audio_tags"].load()
        before = cpu_s()
        report = host.scan(folder)
        time.sleep(AFTER_S)
        pending = sum(host.finish_notifications(0.0).values())
        host.finish_notifications(30.0)
        cpu = cpu_s() - before
    if report.counts.failed or report.counts.new != report.counts.seen:
        raise SystemExit(f"not a clean scan: {report}")
    print(json.dumps({"seconds": report.duration_s, "pending": pending, "cpu": cpu}))
    return 0
