"""All benchmarks that compare, one after the other: a table of their ratios, the same as JSON, and a picture of sizes.

``--page docs/performance.md`` writes the table there, too.

A row is each line of a benchmark that has a ratio with its limit: ``ratio 1.02 (at most 1.1)`` or ``1.02 × … (at …)``.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks import picture

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"

RUNS: dict[str, tuple[str, ...]] = {
    "scan": ("scan", "--files", "4000"),
    "scan, all plugins": ("scan", "--plugins", "all", "--rounds", "2"),
    "peers": ("peers", "--rounds", "2"),
    "sizes": ("sizes",),
    "rescan": ("rescan", "--rounds", "7"),
    "catalogue": ("catalogue", "--rounds", "3"),
    "rows": ("rows",),
    "moves": ("moves",),
    "search": ("search",),
    "listings": ("listings",),
    "commands": ("commands",),
    "transport": ("transport",),
    "threads": ("threads",),
    "zygote": ("zygote",),
    "fanout": ("fanout",),
    "watch": ("watch", "--storm", "1000"),
    "listeners": ("listeners", "--rounds", "3"),
    "bridge": ("bridge",),
    "authoring": ("authoring",),
}
"""What is run, with which arguments; benchmarks of load for minutes (``reload``, ``web``, ``clients``) are not."""

TABLE = """| benchmark | what | ratio | limit |
|---|---|---|---|
"""
_RATIO = re.compile(r"(?:ratio\s+(\d[\d.]*)|(\d[\d.]*) (×[^()]*))\s*\((at most|at least|limit) (\d[\d.]*)\)")


class Row(NamedTuple):
    """One ratio; ``bound`` is "at most" or "at least"."""

    benchmark: str
    what: str
    ratio: float
    bound: str
    limit: float

    @property
    def holds(self) -> bool:
        """Whether the ratio is within its limit."""
        return self.ratio >= self.limit if self.bound == "at least" else self.ratio <= self.limit


def main(argv: list[str]) -> int:
    """Print the table, write JSON and the picture; exit status 1 if a ratio is beyond its limit or a run failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks all")
    parser.add_argument("--only", nargs="+", choices=RUNS, default=[*RUNS], metavar="NAME")
    parser.add_argument("--json", type=Path, default=DOCS / "performance.json", metavar="FILE")
    parser.add_argument("--svg", type=Path, default=DOCS / "images" / "performance.svg", metavar="FILE")
    parser.add_argument("--page", type=Path, metavar="FILE", help="a page whose table of ratios is replaced")
    options = parser.parse_args(argv)
    known = json.loads(options.json.read_text()) if options.json.exists() else {}
    rows: list[Row] = []
    failed = []
    sizes_file = options.json.with_name("sizes.tmp.json")
    for name in options.only:
        extra = ("--json", str(sizes_file)) if name == "sizes" else ()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks", *RUNS[name], *extra], stdout=subprocess.PIPE, text=True, check=False
        )
        found = rows_of(name, done.stdout)
        rows += found
        if not found:
            failed.append(name)
        for row in found:
            print(
                f"{row.benchmark:18} {row.what:52} {row.ratio:7.2f}  {row.bound} {row.limit:g}{_mark(row)}", flush=True
            )
    if sizes_file.exists():
        known["sizes"] = json.loads(sizes_file.read_text())
        sizes_file.unlink()
    others = [one for one in known.get("ratios", ()) if one["benchmark"] not in options.only]
    known["ratios"] = [*others, *(row._asdict() for row in rows)]
    options.json.write_text(json.dumps(known, indent=2) + "\n")
    if known.get("sizes"):
        options.svg.write_text(picture.drawn(known["sizes"]))
    if options.page is not None:
        written = with_table(options.page.read_text(), [Row(**one) for one in known["ratios"]])
        options.page.write_text(written)
    for name in failed:
        print(f"{name}: no ratio, run python -m benchmarks {' '.join(RUNS[name])}")
    return bool(failed) or not all(row.holds for row in rows)


def with_table(page: str, rows: list[Row]) -> str:
    """The page with these rows in its table of ratios, whose head stays as it is."""
    before, head, after = page.partition(TABLE)
    if not head:
        raise SystemExit(f"the page has no table that begins with {TABLE.splitlines()[0]}")
    rest = after[after.index("\n\n") :]
    order = [*RUNS]
    lines = [
        f"| {one.benchmark} | {one.what} | {one.ratio:.2f} | {one.bound} {one.limit:g}{' ✗' * (not one.holds)} |"
        for one in sorted(rows, key=lambda one: order.index(one.benchmark))
    ]
    return before + head + "\n".join(lines) + rest


def rows_of(benchmark: str, output: str) -> list[Row]:
    """Return the ratios in what a benchmark printed."""
    rows = []
    for line in output.splitlines():
        if found := _RATIO.search(line):
            ratio, times, of_what, bound, limit = found.groups()
            said = [line[: found.start()], of_what or ""] if of_what or found.start() else [line[found.end() :]]
            what = " ".join(" ".join(said).split()).strip(" ,:;×")
            rows.append(Row(benchmark, what, float(ratio or times), bound.replace("limit", "at most"), float(limit)))
    return rows


def _mark(row: Row) -> str:
    return "" if row.holds else "  ← beyond"
