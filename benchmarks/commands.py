"""Measures how long commands take that only look something up, against the import of SQLAlchemy, and ``--help``.

Processor time, which other programs on the machine disturb least; each round runs all of them in turn.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

MUSIC = Path(__file__).resolve().parent.parent / "examples" / "music"
PASS = ("-c", "pass")
SQLALCHEMY = ("-c", "import sqlalchemy")
FILE = str(next(MUSIC.rglob("01*.mp3")))
COMMANDS = {
    ("--help",): (PASS, 3.0),
    ("search", "bach"): (SQLALCHEMY, 1.5),
    ("ls",): (SQLALCHEMY, 1.5),
    ("ls", "--albums"): (SQLALCHEMY, 1.5),
    ("show", FILE): (SQLALCHEMY, 1.5),
    ("stats",): (SQLALCHEMY, 1.5),
}
"""Each command, what it is measured against, and the limit of the ratio."""


def main(argv: list[str]) -> int:
    """Print the ratios; exit status 1 if one is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks commands")
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        viewra = ("-m", "viewra.cli", "--data-dir", scratch)
        _seconds(*viewra, "scan", str(MUSIC))
        _seconds(*viewra, "search", "bach")  # the first one after a change of the plugins reads their manifests
        rounds = []
        for _ in range(options.rounds):
            bare = {base: _seconds(*base) for base in (PASS, SQLALCHEMY)}
            rounds.append({command: _seconds(*viewra, *command) / bare[COMMANDS[command][0]] for command in COMMANDS})
    broken = False
    for command, (base, limit) in COMMANDS.items():
        ratio = statistics.median(one[command] for one in rounds)
        shown = " ".join(word if word is not FILE else "FILE" for word in command)
        print(f"viewra {shown:12} {ratio:.2f} × python -c '{base[1]}' (at most {limit:g})")
        broken |= ratio > limit
    print(f"medians of {options.rounds} rounds")
    return broken


def _seconds(*arguments: str) -> float:
    before = _used()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return _used() - before


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
