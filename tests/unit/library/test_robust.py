"""Scans in processes of their own: killed in the middle, without permissions, and measured."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.forking import PIPE, Forked, server
from tests.thorough import some, thorough
from tests.unit.library.conftest import World
from viewra import library
from viewra.errors import DatabaseError

SCAN = """
import json, os, sys
from pathlib import Path
from concurrent.futures import Future
from viewra import library
from viewra.db import open_database
from viewra.errors import ViewraError
from viewra.types import FileOutcome, Result

class Scraper:
    plugin_id, code_hash, batch_size, window, priority = "tags", "v1", 16, 2, {}
    batches = 0
    def wants(self, mime_type):
        return True
    def submit(self, files):
        self.batches += 1
        if self.batches == int(sys.argv[3]):
            print("now", flush=True)
            sys.stdin.read()
        done = Future()
        done.set_result([FileOutcome({"title": "x", "comment": "y" * 300})] * len(files))
        return done

class Hook:
    def open_scraper(self):
        return [Result("tags", Scraper())]
    def open_listener(self):
        return []

engine = open_database(sys.argv[1])
try:
    report = library.scan(engine, Hook(), sys.argv[2])
except ViewraError as error:
    print(json.dumps({"error": str(error), "hint": error.hint, "status": error.exit_status}))
else:
    failures = [[failure.path, failure.plugin, failure.error] for failure in report.failures]
    # Not getrusage: a process that was forked counts the memory of its parent, too.
    status = Path("/proc/self/status").read_text()
    memory = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    counts = {"seen": report.counts.seen, "deleted": report.counts.deleted}
    print(json.dumps({**counts, "failures": failures, "MB": memory}))
engine.dispose()
"""

WITHOUT_PRIVILEGES = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
"""As root, modes are ignored; without these two capabilities they hold for root too."""


def command(world: World, folder: Path, *, stop_at: int = 0) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(SCAN), world.url, str(folder), str(stop_at)]


def begin(world: World, folder: Path, *, stop_at: int = 0, prefix: tuple[str, ...] = ()) -> Forked:
    """Start the same in a fork of what was started through ``prefix``."""
    _, _, code, *arguments = command(world, folder, stop_at=stop_at)
    return server(prefix).start(["-c", *arguments], code=code, stdin=PIPE, stdout=PIPE)


def scan_without_privileges(world: World, folder: Path) -> dict[str, Any]:
    prefix = tuple(WITHOUT_PRIVILEGES) if os.geteuid() == 0 else ()
    with begin(world, folder, prefix=prefix) as process:
        out, _ = process.communicate(timeout=60)
    answer: dict[str, Any] = json.loads(out)
    return answer


def test_a_folder_without_permission_is_one_line_and_loses_nothing(world: World) -> None:
    world.put("open/a.mp3")
    closed = world.put("closed/deep/b.mp3").parent.parent
    world.scan()
    closed.chmod(0)
    try:
        report = scan_without_privileges(world, world.folder)
    finally:
        closed.chmod(0o755)
    assert (report["seen"], report["deleted"]) == (1, 0)
    assert report["failures"] == [[str(closed), None, "Permission denied"]]
    assert len(world.ids()) == 2


def test_a_library_without_permission_is_an_error(world: World) -> None:
    world.put("a.mp3")
    world.scan()
    world.folder.chmod(0)
    try:
        report = scan_without_privileges(world, world.folder)
    finally:
        world.folder.chmod(0o755)
    assert report["status"] == 1
    assert report["error"] == f"{world.folder} cannot be read: Permission denied"
    assert len(world.ids()) == 1


def test_a_file_that_becomes_readable_is_read_again(world: World) -> None:
    path = world.put("a.mp3")
    path.chmod(0)
    scan_without_privileges(world, world.folder)
    assert world.rows("SELECT fingerprint FROM media_files") == [(None,)]
    path.chmod(0o644)
    scraper = world.hook.add_scraper()
    scraper.code_hash = "v1"
    assert world.scan().counts.changed == 1
    assert scraper.names == ["a.mp3"]


@pytest.mark.parametrize("stop_at", some([5, 1, 12]))
def test_after_a_kill_the_next_scan_completes_with_everything_once(world: World, stop_at: int) -> None:
    for number in range(400):
        world.put(f"album {number // 20}/{number}.mp3")
    with begin(world, world.folder, stop_at=stop_at) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        process.send_signal(signal.SIGKILL)
    (job,) = world.rows("SELECT status FROM scan_jobs")
    assert job.status == "running"
    scraper = world.hook.add_scraper()
    scraper.code_hash = "v1"
    before = {row[0] for row in world.rows("SELECT media_file_id FROM file_metadata")}
    report = world.scan()
    assert (report.counts.seen, report.counts.failed, report.failures) == (400, 0, ())
    assert len(scraper.names) == len(set(scraper.names)) == 400 - len(before)
    assert len(world.rows("SELECT * FROM file_metadata WHERE status = 'ok'")) == 400
    jobs = world.rows("SELECT status, error FROM scan_jobs ORDER BY id")
    assert jobs == [("failed", "interrupted"), ("completed", "")]
    world.check_consistent()


def test_jobs_of_killed_hosts_are_marked_at_the_next_start(world: World) -> None:
    world.scan()
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE scan_jobs SET status = 'running', owner = '999999999:999999999:5'")
    assert library.recover(world.engine) == 1
    assert library.recover(world.engine) == 0
    assert world.rows("SELECT status, error FROM scan_jobs") == [("failed", "interrupted")]


def test_a_job_that_this_thread_could_not_end_does_not_lock_its_library(world: World) -> None:
    world.scan()
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE scan_jobs SET status = 'running'")
    assert world.scan().status == "completed"
    assert [row.status for row in world.rows("SELECT status FROM scan_jobs ORDER BY id")] == ["failed", "completed"]


def test_a_database_that_fails_in_the_middle_fails_the_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from viewra.library.recorder import Recorder

    def full(self: Recorder) -> None:
        raise DatabaseError("database x has no room: the disk is full")

    world.hook.add_scraper()
    world.put("a.mp3")
    monkeypatch.setattr(Recorder, "flush", full)
    with pytest.raises(DatabaseError, match="no room"):
        world.scan()
    (job,) = world.rows("SELECT status, error FROM scan_jobs")
    assert (job.status, job.error) == ("failed", "database x has no room: the disk is full")
    monkeypatch.undo()
    assert world.scan().counts.unchanged == 1
    assert len(world.rows("SELECT * FROM file_metadata")) == 1


@thorough
def test_ten_thousand_files_take_little_memory(world: World) -> None:
    for folder in range(100):
        (world.folder / f"{folder:02}").mkdir()
        for number in range(100):
            (world.folder / f"{folder:02}" / f"{number:02}.mp3").touch()
    done = subprocess.run(command(world, world.folder), check=True, timeout=100, capture_output=True, text=True)
    report = json.loads(done.stdout)
    assert (report["seen"], report["failures"]) == (10_000, [])
    assert report["MB"] < 120, "the host as a whole has 150 MB, gRPC and its protos need the rest"
