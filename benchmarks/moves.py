"""Measures a scan after thousands of equal files were renamed with their folder, against the folder's first scan.

Both scans are in one run, without plugins. ``--copied`` replaces the folder by a copy with the same times, so that only
the content identifies the files, which is slower.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

MOST_RATIO = 4.0
"""The most that the scan after the rename may take, as a multiple of the first scan."""


class _NoPlugins:
    """The hooks of a host without plugins."""

    def open_scraper(self) -> list[object]:
        return []

    def open_listener(self) -> list[object]:
        return []


def main(argv: list[str]) -> int:
    """Print the times and their ratio for half of the files and for all; exit status 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks moves")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--copied", action="store_true", help="Copy the folder and remove it, instead of renaming it.")
    options = parser.parse_args(argv)
    ratios = [_measure(count, copied=options.copied) for count in (options.files // 2, options.files)]
    return max(ratios) > MOST_RATIO


def _measure(count: int, *, copied: bool) -> float:
    from viewra.db import open_database

    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        folder = Path(scratch) / "music"
        old, new = folder / "old", folder / "new"
        old.mkdir(parents=True)
        for number in range(count):
            path = old / f"{number:06}.mp3"
            path.write_bytes(b"alike")
            os.utime(path, (1, 1))
        engine = open_database(f"sqlite:///{scratch}/viewra.db")
        try:
            first_s = _scan_s(engine, folder, new=count)
            if copied:
                shutil.copytree(old, new)
                shutil.rmtree(old)
            else:
                old.rename(new)
            moved_s = _scan_s(engine, folder, moved=count)
        finally:
            engine.dispose()
    ratio = moved_s / first_s
    print(f"{count:7,} files: first scan {first_s:6.2f} s, after the move {moved_s:6.2f} s, {ratio:.2f} × "
          f"(at most {MOST_RATIO:g})")  # fmt: skip
    return ratio


def _scan_s(engine: sa.Engine, folder: Path, *, new: int = 0, moved: int = 0) -> float:
    from viewra import library

    report = library.scan(engine, _NoPlugins(), str(folder))  # type: ignore[arg-type]
    if (report.counts.new, report.counts.moved, report.counts.missing) != (new, moved, 0):
        raise SystemExit(f"not what was expected: {report.counts}")
    return report.duration_s
