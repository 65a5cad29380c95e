"""Measures how long a saved file takes until a search finds it, and whether a storm of changes is followed to its end.

The time is from the end of the write to the first hit, against a plain scan of the whole library for one new file in
the same host: with the wait for quiet it is longer, but it does not grow with the library.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.scan import MUSIC, make_files

if TYPE_CHECKING:
    from viewra import Host

MOST_S = 1.0
LONGEST_S = 600.0


def main(argv: list[str]) -> int:
    """Print the times and the ratio; exit status 1 when a file takes too long or a plain scan finds a change."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks watch")
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--storm", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args(argv)
    from viewra import Host

    sample = min((path for path in MUSIC.rglob("*.mp3")), key=lambda path: path.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        folder = Path(scratch) / "music"
        folder.mkdir()
        make_files(folder, options.files)
        with Host(data_dir=Path(scratch) / "data") as host:
            host.scan(folder)
            shutil.copyfile(sample, folder / "planned.mp3")
            began = time.perf_counter()
            host.scan(folder)
            scan_s = time.perf_counter() - began
            host.keep_current()
            time.sleep(2)  # its first scan, which sets the watches
            times = []
            for number in range(options.rounds):
                name = f"saved{number}"
                shutil.copyfile(sample, folder / f"{name}.mp3")
                began = time.perf_counter()
                _wait(lambda name=name: _is_found(host, name))  # type: ignore[misc]
                times.append(time.perf_counter() - began)
            began = time.perf_counter()
            storm = folder / "storm"
            for number in range(options.storm):
                target = storm / f"{number % 100}" / f"{number}{sample.suffix}"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(sample.read_bytes()[:-4] + number.to_bytes(4, "big"))
            storm.rename(folder / "after the storm")
            count = options.files + 1 + options.rounds + options.storm
            _wait(lambda: host.library.stats().files >= count and not _is_scanning(host))
            storm_s = time.perf_counter() - began
            counts = host.scan(folder).counts
    times.sort()
    middle = times[len(times) // 2]
    print(f"saved file to search hit: {middle:.2f} s in the middle, {times[-1]:.2f} s at most")
    print(f"saved file to search hit, of {MOST_S:g} s: ratio {middle / MOST_S:.2f} (at most 1)")
    print(f"ratio {middle / scan_s:.2f} of a plain scan of {options.files} files for one new file ({scan_s:.2f} s)")
    print(f"{options.storm} files written in a tree that was then renamed: followed {storm_s:.1f} s after the first")
    changed = counts.new + counts.changed + counts.moved + counts.missing + counts.returned
    print(f"a plain scan then: {counts.seen} files, {changed} changes")
    return middle > MOST_S or changed > 0


def _is_found(host: Host, name: str) -> bool:
    return any(hit.path.endswith(f"/{name}.mp3") for hit in host.search(name, plugins=False).results)


def _is_scanning(host: Host) -> bool:
    from viewra.host.background_scan import Phase

    return any(state.phase is not Phase.ENDED for state in host.scans.all())


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LONGEST_S
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(f"it did not come about within {LONGEST_S:g} s")
        time.sleep(0.01)
