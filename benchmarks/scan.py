"""Measures a scan through ``audio_tags`` in its own process, against the same plugin in the host's process.

Both store their rows; each scan runs in a new process on a new database, in turn, and the ratios are of pairs. The
processor time is that of the host and its plugin together, during the scan.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

MUSIC = Path(__file__).resolve().parent.parent / "examples" / "music"
LEAST_RATIO = 1.0
MOST_CPU_RATIO = 1.1
MOST_MEMORY_MB = 150


def main(argv: list[str]) -> int:
    """Print the files/s of both, their ratio and the host's memory; exit status 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scan")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plugins", choices=["all"], help="compare all plugins in one scan with their own work")
    parser.add_argument("--one", nargs=2, metavar=("MODE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.one:
        return _one(*options.one)
    if options.plugins:
        from benchmarks import plugins

        return plugins.compare(options.rounds)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        folder = Path(scratch)
        make_files(folder, options.files)
        rounds = [{mode: _run(mode, folder) for mode in ("process", "in-process")} for _ in range(options.rounds)]
    for mode in ("process", "in-process"):
        speed = statistics.median(run[mode]["files_per_s"] for run in rounds)
        cpu_us = statistics.median(run[mode]["cpu_us"] for run in rounds)
        memory = max(run[mode]["rss_mb"] for run in rounds)
        print(f"{mode:>10}: {speed:7.0f} files/s, {cpu_us:.0f} µs of processor time a file, host {memory:.0f} MB")
    ratio = statistics.median(run["process"]["files_per_s"] / run["in-process"]["files_per_s"] for run in rounds)
    of_cpu = statistics.median(run["process"]["cpu_us"] / run["in-process"]["cpu_us"] for run in rounds)
    memory = max(run["process"]["rss_mb"] for run in rounds)
    print(f"ratio {ratio:.2f} (at least {LEAST_RATIO}), {options.files} files, median of {options.rounds} pairs")
    print(f"processor time: ratio {of_cpu:.2f} (at most {MOST_CPU_RATIO})")
    return ratio < LEAST_RATIO or of_cpu > MOST_CPU_RATIO or memory > MOST_MEMORY_MB


def make_files(folder: Path, count: int) -> None:
    """Fill a folder with copies of small example files, twenty in each of its own."""
    samples = sorted(path for path in MUSIC.rglob("*") if path.is_file() and path.stat().st_size < 20_000)
    for number in range(count):
        sample = samples[number % len(samples)]
        target = folder / f"album {number // 20:04}" / f"{number:05}{sample.suffix}"
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(sample, target)


def _run(mode: str, folder: Path) -> dict[str, float]:
    argv = [sys.executable, "-m", "benchmarks", "scan", "--one", mode, str(folder)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _one(mode: str, folder: str) -> int:
    from viewra_plugins.audio_tags.service import AudioTags

    from viewra import Host
    from viewra.types import PluginInfo

    class InProcess(AudioTags):
        def info(self) -> PluginInfo:
            return PluginInfo(id="in_process")

    with tempfile.TemporaryDirectory() as data_dir, Host(data_dir=data_dir) as host:
        for plugin_id, plugin in host.plugins.items():  # the comparison is of one scraper
            if mode == "in-process" or plugin_id != "audio_tags":
                plugin.disable()
        if mode == "in-process":
            host.register(InProcess())
        else:
            host.plugins["audio_tags"].load()  # the start is another benchmark's subject
        before = cpu_s()
        report = host.scan(folder)
        used_s = cpu_s() - before
    if report.counts.failed or report.counts.new != report.counts.seen:
        raise SystemExit(f"not a clean scan: {report}")
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu_us = used_s / report.counts.seen * 1e6
    print(json.dumps({"files_per_s": report.counts.seen / report.duration_s, "cpu_us": cpu_us, "rss_mb": rss_mb}))
    return 0


def cpu_s() -> float:
    """Seconds of processor time of this process and its descendants so far."""
    import psutil

    us = psutil.Process()
    times = [one.cpu_times() for one in (us, *us.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))
