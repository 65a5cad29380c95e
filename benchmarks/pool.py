"""Measures scans through one, two and ``auto`` processes of a scraper, each in a new host on a new database, in turn.

The scraper computes for some milliseconds a file, so that it has more to do than the host.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks.scan import make_files
from viewra import Host

LEAST_RATIO = 1.4
WORKERS = ("1", "2", '"auto"')
PLUGIN = """
from viewra.sdk import Plugin, serve

class Reader(Plugin):
    def can_handle(self, file_path, mime_type):
        return True

    def get_supported_types(self):
        return ["audio/*"]

    def extract_metadata(self, file_path):
        with open(file_path, "rb") as file:
            size = len(file.read())
        return {"title": str(sum(number * number for number in range({WORK})) + size)}

serve(Reader())
"""
MANIFEST = """
id: "reader"
name: "reader"
version: "1.0.0"
type: "metadata_scraper"
entry_points: main: "main.py"
capabilities: metadata_scraper: true
permissions: [{resource: "filesystem", actions: ["read"], reason: "reads"}]
runtime: workers: WORKERS
"""


def main(argv: list[str]) -> int:
    """Print the speeds; exit status 1 if two processes are not as much quicker than one as they should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks pool", description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=int, default=40_000, help="multiplications for each file")
    options = parser.parse_args(argv)
    speeds: dict[str, list[float]] = {workers: [] for workers in WORKERS}
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        music = Path(scratch, "music")
        music.mkdir()
        make_files(music, options.files)
        for number in range(options.rounds):
            for workers in WORKERS[:: 1 if number % 2 else -1]:
                folder = Path(scratch, "host")
                speeds[workers].append(_scan(folder, music, workers, options.work))
                shutil.rmtree(folder)
    for workers, found in speeds.items():
        print(f"{workers:>6}: {statistics.median(found):7.0f} files/s")
    ratio, grown = (
        statistics.median(more / one for more, one in zip(speeds[workers], speeds["1"], strict=True))
        for workers in WORKERS[1:]
    )
    busy = os.getloadavg()[0] > (os.cpu_count() or 1) + 2
    print(f"ratio of two to one {ratio:.2f} (at least {LEAST_RATIO}{', but the machine was busy' if busy else ''})")
    print(f"ratio of auto to one {grown:.2f}, with its first second in one process")
    return int(ratio < LEAST_RATIO)


def _scan(folder: Path, music: Path, workers: str, work: int) -> float:
    directory = folder / "plugins" / "reader"
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text(MANIFEST.replace("WORKERS", workers))
    (directory / "main.py").write_text(PLUGIN.replace("{WORK}", str(work)))
    with Host(plugin_dirs=[folder / "plugins"], data_dir=folder / "data", watch=False) as host:
        for name in list(host.plugins):
            if name != "reader":
                host.plugins[name].disable()
        host.plugins["reader"].enable(grant_requested=True)
        host.plugins["reader"].load()
        report = host.scan(music)
    if report.counts.failed or report.counts.new != report.counts.seen:
        raise SystemExit(f"not a clean scan: {report}")
    return report.counts.seen / report.duration_s
