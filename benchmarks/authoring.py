"""Measures what a new author waits for: a new plugin, ``dev`` until it has tried it, and the first hit of a search.

The issue that asked for five minutes counts from an installed viewra; reading and writing are the author's own.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

IMPORT = [sys.executable, "-c", "import viewra"]
VIEWRA = [sys.executable, "-m", "viewra.cli"]
LIMIT_S = 300.0


def main(argv: list[str]) -> int:
    """Print the seconds of each step; exit status 1 if the first hit came after five minutes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks authoring")
    parser.add_argument("--service", default="metadata_scraper")
    options = parser.parse_args(argv)
    base = _seconds(*IMPORT)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        plugin = Path(scratch) / "mine"
        viewra = [*VIEWRA, "--data-dir", str(Path(scratch) / "data")]
        new = _seconds(*viewra, "plugins", "new", "mine", str(plugin), "--service", options.service)
        began = time.monotonic()
        with _dev(viewra, plugin) as data_dir:
            dev = time.monotonic() - began
            search = _seconds(*VIEWRA, "--data-dir", data_dir, "search", "satie")
        test = _seconds(*viewra, "plugins", "test", str(plugin))
    total = new + dev + search
    print(f"python -c 'import viewra' {base:.2f} s; plugins new {new:.2f} s; dev {dev:.2f} s; search {search:.2f} s")
    print(f"plugins test {test:.2f} s")
    print(f"first hit after {total:.1f} s, {total / base:.0f} times python -c 'import viewra'")
    print(f"a new author's first hit, of {LIMIT_S:g} s: ratio {total / LIMIT_S:.2f} (at most 1)")
    return total > LIMIT_S


@contextlib.contextmanager
def _dev(viewra: list[str], plugin: Path) -> Iterator[str]:
    """Run ``dev``, and go on once it waits for a change; gives its data directory."""
    with subprocess.Popen([*viewra, "plugins", "dev", str(plugin)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            said = ""
            for line in process.stdout:
                said += line
                if line.startswith("waiting for a change"):
                    break
            place = re.search(r"--data-dir (\S+)", said)
            if place is None or process.poll() is not None:
                raise SystemExit(f"dev has ended: {said}")
            yield place[1]
        finally:
            process.send_signal(signal.SIGTERM)


def _seconds(*arguments: str) -> float:
    began = time.monotonic()
    subprocess.run(arguments, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began
