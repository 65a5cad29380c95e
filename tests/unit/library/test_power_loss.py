"""The host is killed during a scan: committed data stays, and the next scan completes the rest."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.killing import KILLS, kill_at_random_moments, run, was_killed
from tests.thorough import some
from tests.unit.library.conftest import World
from viewra import library
from viewra.types import FileOutcome, FileToRead, ScanReport, ScanStatus

SEED = 20261122

SCAN = """
import os, sys
from concurrent.futures import Future
from tests.killing import arm, finish
from viewra import library
from viewra.db import open_database
from viewra.library import absences, displaced, events, filerows, fulltext, jobs, missing, other_paths
from viewra.library import outcomes, recorder, redescribing, report
from viewra.types import FileOutcome, Result

url, folder, point, delay_s = sys.argv[1:]

class Scraper:
    plugin_id, code_hash, batch_size, window, priority = "tags", "v2", 16, 2, {}
    def wants(self, mime_type):
        return True
    def submit(self, files):
        done = Future()
        done.set_result([FileOutcome(self.read(file.file_path)) for file in files])
        return done
    def read(self, path):
        with open(path) as file:
            return {"album": file.read()} if path.endswith(".nfo") else {"title": os.path.basename(path)[:-4]}

class Hook:
    def open_scraper(self):
        return [Result("tags", Scraper())]
    def open_listener(self):
        return []

PLACES = {
    "job": (jobs, "begin"),
    "directories": (filerows.FileRows, "_add_directories"),
    "files": (filerows.FileRows, "write"),
    "unread": (outcomes, "mark_unread"),
    "moves": (report.Tally, "count_found"),
    "metadata": (outcomes, "store"),
    "index": (fulltext, "index"),
    "told": (events, "tell_files"),
    "described": (redescribing, "_mark"),
    "recorded": (recorder.Recorder, "flush"),
    "forgotten": (fulltext, "forget"),
    "missing": (absences.Absences, "_mark"),
    "links": (other_paths, "add"),
    "displaced": (displaced, "drop"),
    "purged": (missing, "_forget"),
    "end": (jobs, "finish"),
}
engine = open_database(url)
began = arm(point, delay_s, PLACES)
library.scan(engine, Hook(), folder, media_types=[{"text/x-nfo": [".nfo"]}])
finish(began)
"""

POINTS = [
    "job",
    "directories",
    "files",
    "unread",
    "moves",
    "metadata",
    "index",
    "told",
    "described",
    "recorded",
    "forgotten",
]
POINTS += ["missing", "links", "displaced", "purged", "end"]


def change(world: World, number: int) -> None:
    """Change the folder in every way that a scan can find."""
    songs = [path for path in _files(world) if path.suffix == ".mp3"]
    others = [path for path in _files(world) if path.suffix != ".mp3"]
    for index, path in (*enumerate(songs), *enumerate(others)):
        if index % 10 == 0:
            path.write_bytes(path.read_bytes() + b"+")
        elif index % 10 == 1:
            path.rename(path.with_name(f"{number}~{_own(path.name)}"))
        elif index % 10 in {2, 3, 4}:
            path.unlink()
    for index in range(60):
        path = world.put(f"{number} {index // 20}/{number} {index}.mp3")
        if index % 10 == 0:
            path.with_name(f"{path.stem}+{path.suffix}").hardlink_to(path)
    for index in range(12):
        world.put(f"{number} films/{number} {index}.mkv")
        world.put(f"{number} films/{number} {index}.nfo", b"Said in round %d of %d" % (number, index))
    for twin in world.folder.glob("* twins/twin+.mp3"):  # what was a file of its own becomes a link to another
        twin.unlink()
        if (first := twin.with_name("twin.mp3")).exists():
            twin.hardlink_to(first)
    for name in ("twin", "twin+"):
        world.put(f"{number} twins/{name}.mp3", b"twins of round %d" % number)
    shutil.rmtree(world.folder / f"{number - 1} 2", ignore_errors=True)


def _files(world: World) -> list[Path]:
    return sorted(path for path in world.folder.rglob("*.*") if path.is_file())


def _read(files: Sequence[FileToRead]) -> list[FileOutcome]:
    """What the scraper of the killed scans answers, too."""
    paths = [Path(file.file_path) for file in files]
    return [
        FileOutcome({"album": path.read_text()} if path.suffix == ".nfo" else {"title": path.stem}) for path in paths
    ]


def _scan(world: World) -> ScanReport:
    return world.scan(media_types=[{"text/x-nfo": [".nfo"]}])


def _own(name: str) -> str:
    """A file's name without that of the round that moved it, and without what tells its links apart."""
    return name.rpartition("~")[2].removesuffix("+")


def _inodes(paths: Iterable[Path]) -> list[int]:
    """What the paths lead to, each once."""
    return sorted({path.stat().st_ino for path in paths})


def check(world: World) -> None:
    """The state right after the kill, and that the next scan completes it."""
    kept = world.rows("SELECT id, path_text FROM media_files")
    indexed = {row[0] for row in world.rows("SELECT rowid FROM media_search")}
    assert indexed <= {row.id for row in kept}, "an index row without its file"
    assert [one for one in library.verify(world.engine) if not one.harmless and one.check != "jobs"] == []

    there = _files(world)
    alone = {str(path) for path in there if path.stat().st_nlink == 1}
    report = _scan(world)
    assert (report.status, report.failures) == (ScanStatus.COMPLETED, ())
    ids = world.ids()
    assert sorted(Path(path).stat().st_ino for path in ids) == _inodes(there), "each file once"
    assert {row.path_text: row.id for row in kept if row.path_text in alone}.items() <= ids.items(), "a file was lost"
    rows = world.rows(
        "SELECT path_text, title FROM media_files JOIN catalogue ON catalogue.media_file_id = media_files.id"
    )
    assert all(_own(Path(row.path_text).stem) == _own(row.title) for row in rows)
    assert world.rows("SELECT id FROM media_files WHERE event_due") == [], (
        "it has yet to be found by what is said of it"
    )
    world.check_consistent()
    assert [one for one in library.verify(world.engine) if not one.harmless] == []
    assert world.rows("SELECT id FROM scan_jobs WHERE status = 'running'") == []
    assert _scan(world).counts.unchanged == len(ids)


@pytest.fixture
def filled(world: World) -> World:
    scraper = world.hook.add_scraper(behaviour=_read)
    scraper.code_hash = "v2"
    scraper.types = ("",)
    world.hook.add_listener()
    notifier = library.Notifier(world.engine, world.hook)  # so that events are written down
    notifier.open()
    notifier.close(0)
    change(world, 0)
    _scan(world)
    return world


@pytest.mark.parametrize("point", some(POINTS, 5))
def test_killed_right_after_a_step(filled: World, point: str) -> None:
    if point == "purged":
        library.change_settings(filled.engine, str(filled.folder), {"missing_keep": "0"})
    change(filled, 1)
    assert was_killed(run(SCAN, filled.url, filled.folder, point=point)), "it never came by this point"
    check(filled)


@pytest.mark.timeout(60 + 10 * KILLS)
def test_killed_at_random_moments(filled: World) -> None:
    numbers = itertools.count(1)
    kill_at_random_moments(
        SEED,
        lambda point, delay_s: run(SCAN, filled.url, filled.folder, point=point, delay_s=delay_s),
        prepare=lambda: change(filled, next(numbers)),
        check=lambda: check(filled),
    )
