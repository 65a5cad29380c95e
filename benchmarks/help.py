"""Measures ``viewra --help`` against the bare interpreter."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

LIMIT = 6.0


def main(argv: list[str]) -> int:
    """Print the ratio; exit status 1 if it is above the limit."""
    rounds = int(argv[0]) if argv else 15
    ratios = []
    for _ in range(rounds):
        bare = _seconds("-c", "pass")
        ratios.append(_seconds("-m", "viewra.cli", "--help") / bare)
    ratio = statistics.median(ratios)
    print(f"viewra --help: {ratio:.2f} × python -c pass (median of {rounds} pairs; limit {LIMIT:g})")
    return ratio > LIMIT


def _seconds(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started
