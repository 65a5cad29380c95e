"""Measures plugins that a zygote starts: time to the first answer against a bare grpcio server's, and memory of each.

Starts go in turn: a bare server, a plugin from the zygote, a spawned plugin. The processor time of a start is the
host's, the plugin's and its guardian's until the first answer; on a busy machine it tells more than the clock. Then
many plugins run at once, and the memory of one is the mean; that of their guardians is shown separately.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks.transport import MANIFEST, PLUGIN, bare_server, cpu_s, memory_mb, started
from viewra import Host

MOST_START, MOST_MB = 0.25, 10.0
PLUGINS = 8


def main(argv: list[str]) -> int:
    """Print the ratio and the memory; exit status 1 if one is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks zygote", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--sandbox", default="auto")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch, ExitStack() as resources:
        hosts = {}
        for use in ("always", "off"):
            folder = Path(scratch, use)
            names = [f"searcher{number}" for number in range(PLUGINS)]
            for name in names:
                directory = folder / "plugins" / name
                directory.mkdir(parents=True)
                (directory / "plugin.cue").write_text(MANIFEST.replace('"searcher"', f'"{name}"'))
                (directory / "main.py").write_text(PLUGIN)
            host = Host(
                plugin_dirs=[folder / "plugins"],
                data_dir=folder / "data",
                watch=False,
                sandbox=options.sandbox,
                zygote="always" if use == "always" else "off",
            )
            hosts[use] = resources.enter_context(host)
            for name in names:
                host.plugins[name].enable()
        times: dict[str, list[float]] = {"bare": [], "always": [], "off": []}
        used: dict[str, list[float]] = {which: [] for which in times}
        for number in range(options.rounds + 1):
            for which in list(times)[:: 1 if number % 2 else -1]:
                before = time.process_time()
                one = bare_server(Path(scratch)) if which == "bare" else started(hosts[which], names[0])
                with one as running:
                    spent_s = cpu_s(running.pid)
                    if which != "bare":
                        spent_s += time.process_time() - before + cpu_s(psutil.Process(running.pid).ppid())
                if number:  # the first round compiles, and starts the zygote
                    times[which].append(running.start_s * 1e3)
                    used[which].append(spent_s * 1e3)
        host = hosts["always"]
        pids = [resources.enter_context(started(host, name)).pid for name in names]
        assert all(run.origin.kind == "zygote" for name in names for run in host.plugins[name].stats.runs)
        each = statistics.mean(map(memory_mb, pids))
        guardians = [psutil.Process(pid).parent() for pid in pids]
        guardian = statistics.mean(memory_mb(one.pid) for one in guardians if one is not None)
    pairs = list(zip(times["always"], times["bare"], times["off"], strict=True))
    ratio = statistics.median(ours / bare for ours, bare, _ in pairs)
    spawned = statistics.median(spawn / bare for _, bare, spawn in pairs)
    of_cpu = statistics.median(ours / bare for ours, bare in zip(used["always"], used["bare"], strict=True))
    middle = {which: statistics.median(one) for which, one in times.items()}
    print(f"start to the first reply: zygote {middle['always']:.1f} ms, bare grpcio {middle['bare']:.1f} ms")
    print(f"processor time of a start: ratio {of_cpu:.2f} (limit {MOST_START})")
    print(f"ratio {ratio:.2f} (limit {MOST_START}); spawned {middle['off']:.1f} ms, ratio {spawned:.2f}")
    print(f"memory: {each:.1f} MB a plugin (PSS, {PLUGINS} plugins; limit {MOST_MB:g}), {guardian:.1f} MB a guardian")
    return int(max(ratio, of_cpu) > MOST_START or each > MOST_MB)
