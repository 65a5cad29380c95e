"""Measures what albums, artists and the rest of the catalogue cost a scan: the same scan with and without keeping them.

Processor time of the host and its plugins, in turn, each in a new process on a new database; the ratios are of pairs.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.scan import make_files

if TYPE_CHECKING:
    from viewra import Host

MOST_RATIO = 1.05


def main(argv: list[str]) -> int:
    """Print both times and their ratio; exit status 1 when it is above the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks catalogue")
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--made-up", action="store_true", help="metadata that costs nothing to read, in this process")
    parser.add_argument("--one", nargs=3, metavar=("MODE", "READER", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.one:
        return _one(*options.one)
    reader = "made-up" if options.made_up else "plugins"
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        make_files(Path(scratch), options.files)
        rounds = [{mode: _run(mode, reader, scratch) for mode in ("with", "without")} for _ in range(options.rounds)]
    for mode in ("with", "without"):
        microseconds = statistics.median(run[mode] for run in rounds) / options.files * 1e6
        print(f"{mode:>7} the catalogue: {microseconds:5.0f} µs of processor time a file")
    ratio = statistics.median(run["with"] / run["without"] for run in rounds)
    print(f"ratio {ratio:.3f} (at most {MOST_RATIO}), {options.files} files, median of {options.rounds} pairs")
    return ratio > MOST_RATIO and not options.made_up


def _run(mode: str, reader: str, folder: str) -> float:
    argv = [sys.executable, "-m", "benchmarks", "catalogue", "--one", mode, reader, folder]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    return float(json.loads(done.stdout))


def _one(mode: str, reader: str, folder: str) -> int:
    from viewra import Host

    if mode == "without":
        _leave_out()
    with tempfile.TemporaryDirectory() as data_dir, Host(data_dir=data_dir) as host:
        if reader == "made-up":
            use_made_up(host)
        report = host.scan(folder)
    if report.counts.failed or report.counts.new != report.counts.seen:
        raise SystemExit(f"not a clean scan: {report}")
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps(sum(one.ru_utime + one.ru_stime for one in used)))
    return 0


def _leave_out() -> None:
    """Have documents be made and written without their entries in the catalogue."""
    from viewra.library import documents
    from viewra.library.catalogue import entries, store

    no_entry = entries.entry(1, 1, "", "", {})

    def without_values(number: int, *_: object) -> entries.Entry:
        return no_entry._replace(media_file_id=number)

    setattr(documents, "entry", without_values)  # noqa: B010 - mypy knows that it is a function
    for name in ("store", "forget", "forget_selected"):
        setattr(store, name, lambda *_: None)


def use_made_up(host: Host) -> None:
    """Replace the shipped plugins with one that makes metadata of a file's path."""
    from viewra.sdk import Plugin
    from viewra.types import PluginInfo

    class MadeUp(Plugin):
        def info(self) -> PluginInfo:
            return PluginInfo(id="made_up")

        def get_supported_types(self) -> list[str]:
            return ["audio/*"]

        def can_handle(self, file_path: str, mime_type: str) -> bool:
            return bool(file_path and mime_type)

        def extract_metadata(self, file_path: str) -> dict[str, str]:
            _, folder, name = file_path.rsplit("/", 2)  # pathlib would keep each part for good
            number = int(folder.split()[-1])
            track = name.partition(".")[0]
            artist = f"Artist {number // 3}"
            album = {"album": f"The album {number}", "albumartist": artist, "date": str(1950 + number % 70)}
            song = {"title": f"Song {track}", "artist": artist, "tracknumber": track, "duration": "215.3"}
            return {**album, **song, "genre": f"Genre {number % 20}", "codec": "flac", "bitrate": "800000"}

    for plugin in host.plugins.values():
        plugin.disable()
    host.register(MadeUp())
