"""``python -m benchmarks NAME [ARGUMENT …]``; without a name it lists the benchmarks."""

from __future__ import annotations

import importlib
import sys

NAMES = {
    "scan": "files/s of a scan through a plugin process against in-process; --plugins all: all against their own work",
    "peers": "a first scan against beets, mutagen alone and in a Pool, the same plugin in-process, and the bare walk",
    "all": "the other benchmarks, quickly: one table with a ratio in each row, as JSON and as a picture, too",
    "transport": "start, round trip and memory of a plugin process against a bare grpcio server",
    "zygote": "start and memory of plugins that a zygote starts against a bare grpcio server",
    "pool": "scans through two processes of a scraper, and as many as it needs, against one",
    "threads": "calls of one plugin from 16 threads against those of a bare grpcio server",
    "scale": "one scan over 1, 2 and 3 workers of a dask cluster against one, and a simulation up to 64",
    "fanout": "a hook with ten plugins that take 50 ms each against one",
    "reload": "calls lost and slowed down over 50 reloads under load",
    "commands": "search, ls, show and stats against the import of SQLAlchemy, and --help against python -c pass",
    "sandbox": "a plugin's start and calls in a sandbox against those without one",
    "catalogue": "a scan with albums, artists and the like against the same scan without; --made-up: no plugin's work",
    "rescan": "a scan of an unchanged library against a bare walk with stat",
    "sizes": "files/s and memory of a scan of growing libraries, to a million rows with --files 1000 1000000",
    "rows": "rows stored with SQLAlchemy Core against sqlite3.executemany",
    "moves": "a scan after renaming a folder of 10,000 equal files against its first scan",
    "search": "searches of a large library (--files 1000000) against their SQL alone",
    "listings": "pages of listings of a large library, at any depth, against their SQL alone",
    "walks": "function calls of a first call and of a change of code, against earlier numbers",
    "web": "requests lost through viewra serve at 200 a second while five plugins are reloaded",
    "clients": "a request to viewra serve beside 500 event streams and 10,000 half-open requests, and over restarts",
    "bridge": "a plugin's kv.get through its host against a bare unary call",
    "watch": "a saved file until a search finds it against a plain scan, and a storm of 10,000 files",
    "listeners": "a scan with a listener that stores a row for each file against one without",
    "authoring": "what a new author waits for: plugins new, dev, the first hit of a search, and plugins test",
    "manifest": "loading a manifest, and how its cost grows with its size",
}


def main(argv: list[str]) -> int:
    """Run one benchmark."""
    if not argv or argv[0] not in NAMES:
        for name, what in NAMES.items():
            print(f"python -m benchmarks {name:10} {what}")
        return 2
    status: int = importlib.import_module(f"benchmarks.{argv[0]}").main(argv[1:])
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
