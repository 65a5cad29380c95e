"""Measures one scan with all file-reading plugins against a scan with each of them alone, over copies of examples/.

The cost of a scan is the processor time of the host and of all plugin processes, minus that of a scan without plugins.
Every scan runs in a new process on a new database. Unlike elapsed time, processor time is the same on a busy machine.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PLUGINS = ("audio_tags", "file_names", "image_info", "media_info", "sidecars")
COPIES = 10
MOST_RATIO = 1.15


def compare(rounds: int) -> int:
    """Print the cost of each scan, and the ratio; exit status 1 if it is above the limit."""
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        folder = Path(scratch)
        for number in range(COPIES):
            shutil.copytree(EXAMPLES, folder / f"copy {number}")
        runs = [{which: _run(which, folder) for which in ("none", *PLUGINS, "all")} for _ in range(rounds)]
    ratios = []
    for run in runs:
        alone = sum(run[plugin]["cpu_s"] - run["none"]["cpu_s"] for plugin in PLUGINS)
        ratios.append((run["all"]["cpu_s"] - run["none"]["cpu_s"]) / alone)
    for which in runs[0]:
        cpu_s, took_s = (statistics.median(run[which][name] for run in runs) for name in ("cpu_s", "took_s"))
        print(f"{which:>10}: {cpu_s:6.2f} s of processor time, {took_s:6.2f} s by the clock")
    ratio = statistics.median(ratios)
    print(f"ratio {ratio:.2f} (at most {MOST_RATIO}), {runs[0]['all']['files']:.0f} files, median of {rounds} runs")
    return ratio > MOST_RATIO


def _run(which: str, folder: Path) -> dict[str, float]:
    argv = [sys.executable, "-m", "benchmarks.plugins", which, str(folder)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _one(which: str, folder: str) -> None:
    """Scan ``folder`` with ``which`` of the plugins, and print the cost."""
    from viewra import Host

    with tempfile.TemporaryDirectory() as data_dir, Host(data_dir=data_dir) as host:
        for plugin in PLUGINS:
            if which not in {plugin, "all"}:
                host.plugins[plugin].disable()
        report = host.scan(folder)
    if report.counts.failed or report.failures:
        raise SystemExit(f"not a clean scan: {report}")
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(one.ru_utime + one.ru_stime for one in used)
    print(json.dumps({"cpu_s": cpu_s, "took_s": report.duration_s, "files": report.counts.seen}))


if __name__ == "__main__":
    _one(*sys.argv[1:])
