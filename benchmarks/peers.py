"""A first scan against other ways to read the same files, each in a process of its own with its start, in turn.

The files are small copies of the examples. The bare walk examines each file with ``stat``; mutagen reads each audio
file in a loop, alone and in a ``multiprocessing.Pool`` of two; ``beet import -A -C`` stores them. viewra scans with
``audio_tags``, in its process and in the host's. Each ratio is viewra's time to the other's.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.scan import make_files

LIMITS = {"walk": 200.0, "mutagen": 4.0, "pool": 6.0, "in-process": 1.15, "beets": 0.4}
"""What viewra's time may be, in times of the other's."""

_WALK = """
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        os.stat(os.path.join(folder, name))
"""
_MUTAGEN = """
import os, sys
from multiprocessing import Pool
import mutagen
def read(path):
    return dict(mutagen.File(path) or {})
if __name__ == "__main__":
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(sys.argv[1]) for name in names]
    if len(sys.argv) > 2:
        with Pool(int(sys.argv[2])) as pool:
            sum(1 for _ in pool.imap_unordered(read, paths, chunksize=64))
    else:
        for path in paths:
            read(path)
"""


def main(argv: list[str]) -> int:
    """Print the times and ratios; exit status 1 if one is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks peers")
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--beet", default=shutil.which("beet"), help="beets' command, if it is not on the PATH")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        folder, data = Path(scratch) / "music", Path(scratch) / "data"
        folder.mkdir()
        make_files(folder, options.files)
        ways = _ways(folder, data, options.beet)
        rounds = [{name: _timed(way, data) for name, way in ways.items()} for _ in range(options.rounds)]
    if not options.beet:
        print("beets is not installed: left out")
    broken = False
    for name in ways:
        seconds = statistics.median(one[name] for one in rounds)
        line = f"{name:>10}: {seconds:6.2f} s, {options.files / seconds:8,.0f} files/s"
        if name in LIMITS:
            ratio = statistics.median(one["viewra"] / one[name] for one in rounds)
            line += f"; viewra to {name}: ratio {ratio:.2f} (at most {LIMITS[name]:g})"
            broken |= ratio > LIMITS[name]
        print(line)
    print(f"{options.files:,} files, medians of {options.rounds} rounds")
    return broken


def _ways(folder: Path, data: Path, beet: str | None) -> dict[str, Callable[[], None]]:
    python = sys.executable
    (script := folder.with_name("read.py")).write_text(_MUTAGEN)
    scan = (python, "-m", "benchmarks", "scan", "--one")
    ways = {
        "viewra": lambda: _run(*scan, "process", str(folder)),
        "in-process": lambda: _run(*scan, "in-process", str(folder)),
        "walk": lambda: _run(python, "-c", _WALK, str(folder)),
        "mutagen": lambda: _run(python, str(script), str(folder)),
        "pool": lambda: _run(python, str(script), str(folder), "2"),
    }
    if beet:
        ways["beets"] = lambda: _run(beet, "-l", str(data / "beets.db"), "import", "-q", "-A", "-C", str(folder))
    return ways


def _run(*argv: str) -> None:
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def _timed(way: Callable[[], None], data: Path) -> float:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    started = time.perf_counter()
    way()
    return time.perf_counter() - started
