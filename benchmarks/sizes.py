"""A first scan of libraries of growing size, with made-up metadata: files a second, and the memory that the host needs.

The files are empty, a hundred in each folder; a plugin in the host's process makes up what they say from their paths.
Each scan runs in a process of its own on a new database. The ratio is of memory, the largest library's to the
smallest one's: ``--files 1000 10000 100000 1000000`` goes to a million rows.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypedDict

SIZES = (1000, 10_000, 100_000)
FILES_OF_FOLDER = 100
MOST_MEMORY = 1.10


class Size(TypedDict):
    """What the scan of one library took."""

    files: int
    files_per_s: float
    cpu_us_per_file: float
    rss_mb: float
    database_mb: float


def main(argv: list[str]) -> int:
    """Print what each scan took, and the ratio; exit status 1 if it is above the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks sizes")
    parser.add_argument("--files", type=int, nargs="+", default=SIZES)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write what each scan took")
    parser.add_argument("--one", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.one:
        return _one(Path(options.one))
    sizes = []
    for files in options.files:
        with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
            (folder := Path(scratch) / "library").mkdir()
            _make_files(folder, files)
            sizes.append(_run(folder))
        print(
            "{files:>9,} files: {files_per_s:6,.0f} files/s, {cpu_us_per_file:4.0f} µs of processor time a file, "
            "{rss_mb:4.0f} MB of memory, {database_mb:5.0f} MB of database".format(**sizes[-1]),
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(sizes, indent=2) + "\n")
    ratio = sizes[-1]["rss_mb"] / sizes[0]["rss_mb"]
    print(f"memory, {sizes[-1]['files']:,} files to {sizes[0]['files']:,}: ratio {ratio:.2f} (at most {MOST_MEMORY})")
    return ratio > MOST_MEMORY


def _make_files(folder: Path, count: int) -> None:
    for number in range(count):
        if number % FILES_OF_FOLDER == 0:
            (album := folder / f"album {number // FILES_OF_FOLDER}").mkdir()
        (album / f"{number}.flac").touch()


def _run(folder: Path) -> Size:
    argv = [sys.executable, "-m", "benchmarks", "sizes", "--one", str(folder)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    found: Size = json.loads(done.stdout)
    return found


def _one(folder: Path) -> int:
    from benchmarks.catalogue import use_made_up
    from viewra import Host

    data_dir = folder.with_name("data")
    with Host(data_dir=data_dir) as host:
        use_made_up(host)
        before = time.process_time()
        report = host.scan(folder)
        cpu_s = time.process_time() - before
        sizes = [path.stat().st_size for path in data_dir.glob("viewra.db*")]
    if report.counts.failed or report.counts.read != report.counts.seen:
        raise SystemExit(f"not a clean scan: {report}")
    files = report.counts.seen
    found = Size(
        files=files,
        files_per_s=files / report.duration_s,
        cpu_us_per_file=cpu_s / files * 1e6,
        rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        database_mb=sum(sizes) / 1e6,
    )
    print(json.dumps(found))
    return 0
