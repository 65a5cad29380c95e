"""Measures a scan of an unchanged library against a bare walk that examines each file, and the whole command.

The files are small copies of the examples, twenty in a folder. Scan and walk take turns in one process, the commands in
processes of their own; the ratios are of the fastest of each, which other programs disturb least.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.scan import make_files

MOST_RATIO, MOST_COMMAND = 1.6, 1.5
FILES_OF_COMMAND = 4000


def main(argv: list[str]) -> int:
    """Print the times and ratios; exit status 1 when one is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rescan")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        many, few, data_dir = (Path(scratch) / name for name in ("many", "few", "data"))
        for folder, count in ((many, options.files), (few, FILES_OF_COMMAND)):
            folder.mkdir()
            make_files(folder, count)
        walk_s, scan_s, quick_s = _in_turn(many, Path(scratch), options.rounds)
        command = [sys.executable, "-m", "viewra.cli", "--data-dir", str(data_dir), "scan", str(few)]
        _run(command)
        bare = [sys.executable, "-c", "import sqlalchemy"]
        commands = [
            (_timed(lambda: _walk(few)), _timed(lambda: _run(bare)), _timed(lambda: _run(command)))
            for _ in range(options.rounds)
        ]
    few_s, import_s, command_s = map(min, zip(*commands, strict=True))
    per_file = [seconds / options.files * 1e6 for seconds in (walk_s, scan_s, quick_s)]
    print("walk with stat {:.2f} µs a file, scan {:.2f}, scan --quick {:.2f}".format(*per_file))
    ratio = scan_s / walk_s
    print(f"ratio {ratio:.2f} (at most {MOST_RATIO}), {options.files} files, fastest of {options.rounds}")
    of_command = (command_s - few_s) / import_s
    shown = f"{of_command:.2f} × import sqlalchemy, and the walk (at most {MOST_COMMAND})"
    print(f"viewra scan, {FILES_OF_COMMAND} files, {command_s:.3f} s: {shown}")
    return ratio > MOST_RATIO or of_command > MOST_COMMAND


def _in_turn(folder: Path, data_dir: Path, rounds: int) -> list[float]:
    """The seconds of walk, scan, and quick scan, of a library that no plugin reads."""
    import pluggy

    from viewra import hookspecs, library
    from viewra.adapters import add_hookspecs
    from viewra.host.looking import looking
    from viewra.library.unchanged import scan_unchanged

    manager = pluggy.PluginManager(hookspecs.PROJECT)
    add_hookspecs(manager)
    with looking(data_dir) as engine:
        library.scan(engine, manager.hook, str(folder), plugins=lambda: ("", "none"))

        def scan(*, quick: bool = False) -> None:
            if scan_unchanged(engine, str(folder), "none", quick=quick) is None:
                raise SystemExit("the library counts as changed")

        what = (lambda: _walk(folder), scan, lambda: scan(quick=True))
        times = [[_timed(one) for one in what] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def _walk(folder: Path) -> None:
    left = [os.fsencode(folder)]
    while left:
        with os.scandir(left.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)


def _run(argv: list[str]) -> None:
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)


def _timed(work: Callable[[], None]) -> float:
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    """Seconds of processor time, which other programs disturb least, of this process and its children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
