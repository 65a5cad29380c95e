"""Searches of a large made-up library against the same SQL put to the driver: counting, ranking, and the files' rows.

Common and rare words, phrases, beginnings, fields and alternatives; ``--database`` keeps the library for the next run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.made_library import files_of, opened
from benchmarks.raw_sql import fastest
from viewra import library

MOST_RATIO, MOST_MS = 1.3, 40.0
QUERIES = ("w0", "w3", "artist:w17", "w40 w41", '"w3 w4"', "w12*", "title:w7 -w9", "w100 OR w200", "date:1985 w5")


def main(argv: list[str]) -> int:
    """Print the times and ratios; exit status 1 when the median time or ratio is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks search")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--database", metavar="FILE|URL", help="make the library here, or use the one that is here")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        engine = opened(options.database or str(Path(scratch) / "viewra.db"), options.files)
        medians = []
        for query in QUERIES:
            page = library.search(engine, None, query, limit=20)
            search = partial(library.search, engine, None, query, limit=20)
            found = fastest(engine, search, options.rounds)
            ours, ratio = found.call_s * 1000, found.ratio
            medians.append((ours, ratio))
            total = f"more than {page.total:,}" if page.has_more else f"{page.total:,}"
            print(f"{query:14} {total:>16} hits  {ours:7.2f} ms, {ratio:.2f} × its SQL")
        count = files_of(engine)
        engine.dispose()
    ours, ratio = (statistics.median(one[index] for one in medians) for index in (0, 1))
    print(f"p50 {ours:.1f} ms (at most {MOST_MS:g}), {count:,} files")
    print(f"{ratio:.2f} × its SQL (at most {MOST_RATIO})")
    return ratio > MOST_RATIO or ours > MOST_MS
