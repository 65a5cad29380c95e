"""A search of a library of 100,000 files against the same query put to the full-text index of SQLite alone.

Both count the hits and rank them; a search also reads their places and makes a page of them.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import sqlalchemy as sa

from viewra import library
from viewra.db import open_database, writing
from viewra.db.tables import directories, libraries, media_files
from viewra.library import fulltext, fulltext_sqlite
from viewra.library.catalogue import store
from viewra.library.catalogue.entries import Entry, entry
from viewra.library.query.fields import INDEXED
from viewra.library.query.parser import parse

MOST_TIMES = 2.0
QUERIES = ("artist:w17", "w40 w41", '"w3 w4"', "w12*", "title:w7 -w9", "w100 OR w200", "date:1985 w5", "album:w60")


def main(argv: list[str]) -> int:
    """Print the median times of both and their ratio; exit status 1 when it is above the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks search")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        path = Path(scratch) / "viewra.db"
        engine = open_database(f"sqlite:///{path}")
        _fill(engine, options.files)
        raw = sqlite3.connect(path)
        queries = QUERIES * options.rounds
        pairs = [(_timed(_search, engine, query), _timed(_raw, raw, query)) for query in queries]
        raw.close()
        engine.dispose()
    ours, theirs = (statistics.median(pair[index] for pair in pairs) * 1000 for index in (0, 1))
    print(f"search: p50 {ours:.2f} ms, FTS5 alone: p50 {theirs:.2f} ms, {options.files:,} files")
    print(f"{ours / theirs:.2f} × (below {MOST_TIMES:g}), {len(pairs)} pairs of {len(QUERIES)} queries")
    return ours / theirs >= MOST_TIMES


def _fill(engine: sa.Engine, count: int) -> None:
    chance = random.Random(1)
    words = [f"w{number}" for number in range(2000)]
    # Added up once: choices would do it for each of 800,000 texts, which took longer than all the rest.
    weights = list(accumulate(1 / (number + 10) for number in range(2000)))
    common = {"library_id": 1, "size": 1, "mtime_ns": 1, "device": 1, "mime_type": "audio/flac", "event_due": False}
    with writing(engine) as connection:
        connection.execute(sa.insert(libraries).values(id=1, path=b"/m", path_text="/m", created_at=0))
        folders = [
            {"id": number, "library_id": 1, "path": b"/m/%d" % number, "last_seen_job": 1}
            for number in range(1, count // 10 + 2)
        ]
        connection.execute(sa.insert(directories), folders)
    for start in range(1, count + 1, 5000):
        ids = range(start, min(start + 5000, count + 1))
        documents = [
            {
                "rowid": number,
                **{field: " ".join(chance.choices(words, cum_weights=weights, k=3)) for field in INDEXED},
                "date": str(1950 + number % 70),
            }
            for number in ids
        ]
        rows = [
            {
                **common,
                "id": number,
                "directory_id": number // 10 + 1,
                "name": b"%d.flac" % number,
                "path_text": f"/m/{number // 10 + 1}/{number}.flac",
                "inode": number,
                "fingerprint": None,
            }
            for number in ids
        ]
        with writing(engine) as connection:
            connection.execute(sa.insert(media_files), rows)
            fulltext.index(connection, documents)
            store.store(connection, [_entry(document) for document in documents])


def _entry(document: dict[str, object]) -> Entry:
    values = {field: str(document[field]) for field in ("title", "artist", "album", "albumartist", "genre", "date")}
    number = int(str(document["rowid"]))
    return entry(number, 1, "audio/flac", f"{number // 10 + 1}/{number}.flac", values)


def _timed(search: Callable[..., object], database: object, query: str) -> float:
    started = time.perf_counter()
    search(database, query)
    return time.perf_counter() - started


def _search(engine: sa.Engine, query: str) -> None:
    library.search(engine, None, query, limit=20)


def _raw(connection: sqlite3.Connection, query: str) -> None:
    expression = fulltext_sqlite.expression(parse(query).root)
    weights = ", ".join(map(str, fulltext_sqlite.WEIGHTS))
    connection.execute("SELECT count(*) FROM media_search WHERE media_search MATCH ?", (expression,)).fetchall()
    ranked = f"SELECT rowid, bm25(media_search, {weights}) AS rank FROM media_search"
    connection.execute(f"{ranked} WHERE media_search MATCH ? ORDER BY rank LIMIT 20", (expression,)).fetchall()
