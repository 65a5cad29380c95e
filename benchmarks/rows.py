"""Measures storing rows through SQLAlchemy Core, 500 per transaction as in a scan, against ``sqlite3.executemany``.

Both write the same rows to a new file with the same schema, in turn; the ratio is of pairs.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from viewra.db import open_database, writing
from viewra.db.bulk import insert_rows
from viewra.db.tables import directories, libraries, media_files

A_TRANSACTION = 500
LEAST_RATIO = 0.65


def main(argv: list[str]) -> int:
    """Print the rows/s of both and their ratio; exit status 1 if it is below the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rows")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(argv)
    rows = [_row(number) for number in range(1, options.rows + 1)]
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        empty = Path(scratch) / "empty.db"
        _make(empty)
        rounds = [[_timed(store, empty, rows) for store in (_core, _raw)] for _ in range(options.rounds)]
    core, raw = (statistics.median(seconds[index] for seconds in rounds) for index in (0, 1))
    ratio = statistics.median(raw_s / core_s for core_s, raw_s in rounds)
    print(f"Core: {len(rows) / core:,.0f} rows/s, executemany: {len(rows) / raw:,.0f} rows/s")
    print(f"ratio {ratio:.2f} (at least {LEAST_RATIO}), {len(rows):,} rows, median of {options.rounds} pairs")
    return ratio < LEAST_RATIO


def _make(path: Path) -> None:
    engine = open_database(f"sqlite:///{path}")
    with writing(engine) as connection:
        connection.execute(sa.insert(libraries).values(id=1, path=b"/m", path_text="/m", created_at=0))
        connection.execute(sa.insert(directories).values(id=1, library_id=1, path=b"/m", last_seen_job=1))
    engine.dispose()  # the last connection to close writes the log back into the file


def _row(number: int) -> dict[str, Any]:
    return {
        "library_id": 1,
        "directory_id": 1,
        "name": b"%06d some song.flac" % number,
        "path_text": f"/m/{number:06} some song.flac",
        "size": 30_000_000 + number,
        "mtime_ns": 1_700_000_000_000_000_000 + number,
        "device": 1,
        "inode": number,
        "mime_type": "audio/flac",
        "fingerprint": number.to_bytes(16, "big"),
        "event_due": True,
    }


def _timed(store: Any, empty: Path, rows: list[dict[str, Any]]) -> float:
    path = empty.with_name("filled.db")
    shutil.copyfile(empty, path)
    seconds: float = store(path, rows)
    for left in path.parent.glob("filled.db*"):
        left.unlink()
    return seconds


def _parts(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), A_TRANSACTION):
        yield rows[start : start + A_TRANSACTION]


def _core(path: Path, rows: list[dict[str, Any]]) -> float:
    engine = open_database(f"sqlite:///{path}")
    started = time.perf_counter()
    for part in _parts(rows):
        with writing(engine) as connection:
            insert_rows(connection, media_files, part)
    seconds = time.perf_counter() - started
    engine.dispose()
    return seconds


def _raw(path: Path, rows: list[dict[str, Any]]) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    statement = f"INSERT INTO media_files ({', '.join(rows[0])}) VALUES ({', '.join('?' for _ in rows[0])})"
    started = time.perf_counter()
    for part in _parts(rows):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, [tuple(row.values()) for row in part])
        connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds
