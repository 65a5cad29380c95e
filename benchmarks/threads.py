"""Calls of one plugin from 16 threads against the same calls of a bare grpcio server; the sides take turns.

The ratio is of processor time, of both ends of a call, which other programs disturb least.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.transport import Running, bare_server, cpu_s, one_plugin, started

THREADS = 16
TURN_S = 1.0
MOST_RATIO = 0.5


class Turn(NamedTuple):
    """Calls a second, and seconds of processor time a call."""

    per_s: float
    cpu_s: float


def main(argv: list[str]) -> int:
    """Print what both take; exit status 1 if the ratio is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks threads", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(argv)
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="viewra-bench-")))
        host = resources.enter_context(one_plugin(folder))
        sides = [resources.enter_context(started(host)), resources.enter_context(bare_server(folder))]
        pairs = [[_turn(side) for side in sides] for _ in range(options.rounds)]
    for side, name in enumerate(("plugin", "bare grpcio")):
        per_s, spent_s = (statistics.median(column) for column in zip(*(pair[side] for pair in pairs), strict=True))
        print(f"{THREADS} threads, {name:11}: {per_s:6,.0f} calls/s, {spent_s * 1e6:4.0f} µs of processor time a call")
    ratio = statistics.median(ours.cpu_s / bare.cpu_s for ours, bare in pairs)
    print(f"processor time of a call from {THREADS} threads: ratio {ratio:.2f} (at most {MOST_RATIO})")
    return ratio > MOST_RATIO


def _turn(side: Running) -> Turn:
    counts, over = [0] * THREADS, threading.Event()

    def work(number: int) -> None:
        while not over.is_set():
            side.call()
            counts[number] += 1

    workers = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    began, spent = time.perf_counter(), time.process_time() + cpu_s(side.pid)
    for worker in workers:
        worker.start()
    time.sleep(TURN_S)
    over.set()
    for worker in workers:
        worker.join()
    calls = sum(counts)
    return Turn(calls / (time.perf_counter() - began), (time.process_time() + cpu_s(side.pid) - spent) / calls)
