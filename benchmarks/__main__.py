"""``python -m benchmarks NAME [ARGUMENT …]``; without a name it lists the benchmarks."""

from __future__ import annotations

import importlib
import sys

NAMES = {
    "scan": "files/s of a scan through a plugin process against in-process; --plugins all: all against their own work",
    "transport": "start, round trip and memory of a plugin process against a bare grpcio server",
    "reload": "calls lost and slowed down over 50 reloads under load",
    "help": "viewra --help against python -c pass",
    "sandbox": "a plugin's start and calls in a sandbox against those without one",
    "rows": "rows stored with SQLAlchemy Core against sqlite3.executemany",
    "moves": "a scan after renaming a folder of 10,000 equal files against its first scan",
    "search": "a search of 100,000 files against the same query on SQLite's full-text index alone",
    "walks": "function calls of a first call and of a change of code, against earlier numbers",
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
