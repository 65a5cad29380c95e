"""Pages of listings of a large made-up library, first and deep ones, against the same SQL put to the driver.

``--database`` keeps the library for the next run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.made_library import files_of, opened
from benchmarks.raw_sql import fastest
from viewra.library import LibraryAccess
from viewra.types import Page

MOST_RATIO, MOST_DEEPER = 1.3, 1.5
ROWS = 1000
DEEP = 10
"""How many pages of 10,000 rows lie before a deep page."""


def main(argv: list[str]) -> int:
    """Print times and ratios; exit status 1 when the median ratio to SQL, or of depth, is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks listings")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--database", metavar="FILE|URL", help="make the library here, or use the one that is here")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        engine = opened(options.database or str(Path(scratch) / "viewra.db"), options.files)
        ratios, deeper = [], []
        for name, listing in _listings(LibraryAccess(engine)).items():
            times: list[float] = []
            for after in (None, _cursor(listing)):
                if after is None and times:
                    continue
                page = fastest(engine, partial(listing, after=after, limit=ROWS), options.rounds)
                times.append(page.call_s * 1000)
                ratios.append(page.ratio)
            deeper += [times[1] / times[0]] if len(times) == 2 else []
            shown = " and deep ".join(f"{time:.1f} ms" for time in times)
            print(f"{name:22} {shown}, {ratios[-1]:.2f} × its SQL")
        count = files_of(engine)
        engine.dispose()
    ratio, depth = statistics.median(ratios), max(deeper, default=1.0)
    print(f"{ratio:.2f} × the SQL (at most {MOST_RATIO}), pages of {ROWS} rows, {count:,} files")
    print(f"{max(ratios):.2f} × the SQL in the slowest listing")
    print(f"deep pages at most {depth:.2f} × the first (at most {MOST_DEEPER})")
    return ratio > MOST_RATIO or depth > MOST_DEEPER


def _listings(access: LibraryAccess) -> dict[str, Callable[..., Page[Any]]]:
    orders = ("", "sort:title", "sort:-added", "sort:year", "sort:artist", "sort:album")
    queries = (*orders, "year:1980..1989 sort:title", "kind:audio", "w0", "artist:w0 sort:title")
    found: dict[str, Callable[..., Page[Any]]] = {f"files {one}": partial(access.files, one) for one in queries}
    return found | {
        "albums": access.albums,
        "albums sort:-year": partial(access.albums, "sort:-year"),
        "artists": access.artists,
        "genres": access.genres,
        "years": access.years,
    }


def _cursor(listing: Callable[..., Page[Any]]) -> str | None:
    after = None
    for _ in range(DEEP):
        page = listing(after=after, limit=10_000)
        if page.next is None:
            return after
        after = page.next
    return after
