"""One scan over a scheduler and three workers, each a process with a network of its own, and what may happen to them.

They take long, and run where ``VIEWRA_TEST_CLUSTER`` is set, as by ``.ci/run``; ``test_one_worker.py`` always runs.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from tests.eventually import eventually
from tests.forking import Forked
from tests.integration.workers.certificates import make_certificates
from tests.integration.workers.cluster import Cluster, available, await_read, cluster, gone, report_of
from tests.integration.workers.libraries import left_by, make_library, make_reader
from tests.killing import KILLS
from viewra.db.engine import open_unmigrated
from viewra.db.tables import file_metadata

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not os.environ.get("VIEWRA_TEST_CLUSTER"), reason="VIEWRA_TEST_CLUSTER is not set"),
    pytest.mark.skipif(bool(available()), reason=available() or "there is dask"),
]

NAMES = ("nas-1", "nas-2", "nas-3")
QUICK = {"PATIENCE_S": 20.0, "LOOK_S": 0.1}
"""Constants of the engine, for tests."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def plugins_of(worker: int) -> list[int]:
    """The processes below a worker: plugins and their guardians."""
    return [one.pid for one in psutil.Process(worker).children(recursive=True)]


@pytest.mark.timeout(300)
def test_a_scan_over_workers_leaves_what_a_local_one_does(tmp_path: Path, data: Path) -> None:
    make_reader(tmp_path / "plugins", pause_s=0.005)
    library = make_library(tmp_path / "library", 90, n7="bad", n40="die")
    with cluster(tmp_path) as running:
        report = report_of(running.scan(data, tmp_path / "plugins", library))
        assert report["status"] == "completed"
        assert set(report["workers"]) <= set(NAMES)
        assert sum(report["workers"].values()) == 89  # of the one that kills nobody gave an answer
        assert {(Path(one["path"]).name, one["worker"] in NAMES) for one in report["failures"]} == {
            ("n7.mp3", True),
            ("n40.mp3", True),
        }
        eventually(lambda: not any(plugins_of(worker.pid) for worker in running.workers.values()), "plugins remain")
        local = tmp_path / "local"
        report_of(running.scan(local, tmp_path / "plugins", library, engine=""))
    assert left_by(data) == left_by(local)


@pytest.mark.timeout(900)
def test_whatever_is_killed_at_random_moments_no_row_is_lost_or_doubled(tmp_path: Path, data: Path) -> None:
    """Workers, their plugins, their networks and the scheduler, ``VIEWRA_TEST_KILLS`` times in all."""
    moments = random.Random(20)
    make_reader(tmp_path / "plugins", pause_s=0.02)
    library = make_library(tmp_path / "library", 240)
    with cluster(tmp_path, failures=20) as running:
        report_of(running.scan(tmp_path / "expected", tmp_path / "plugins", library, engine=""))
        expected = left_by(tmp_path / "expected")
        killed: dict[str, int] = {}
        while sum(killed.values()) < KILLS:
            scan = running.scan(data, tmp_path / "plugins", library, full=True, constants=QUICK)
            await_read(scan, 1)
            while scan.poll() is None and sum(killed.values()) < KILLS:
                what = moments.choices(["worker", "plugin", "network", "scheduler"], [8, 6, 2, 1])[0]
                happen(running, what, moments.choice(NAMES))
                killed[what] = killed.get(what, 0) + 1
                pause(moments.uniform(0.1, 0.8))
            report = report_of(scan, 120)
            assert report["status"] == "completed", report
            if report["failures"]:
                # A file whose reader was killed twice is taken to be the cause, and a reader that was killed again and
                # again is given up for this scan: what is missing is left to the next ones.
                assert all("SIGKILL" in one["error"] for one in report["failures"]), report["failures"]
                for how in ({"retry": True}, {}):
                    report = report_of(running.scan(data, tmp_path / "plugins", library, constants=QUICK, **how), 120)
                    assert not report["failures"], report["failures"]
            assert left_by(data) == expected
        assert len(killed) > 1 or KILLS < 10, killed


def happen(running: Cluster, what: str, name: str) -> None:
    """Have something happen, and what an operator's service manager does about it."""
    worker = running.workers[name]
    if what == "plugin":
        for pid in plugins_of(worker.pid):
            kill(pid)
    elif what == "worker":
        replace(running, name)
    elif what == "network":
        running.cut(name)
        pause(1.0)
        running.cut(name, up=True)
    else:
        assert running.scheduler is not None
        end(running.scheduler)
        running.start_scheduler()
        for one in NAMES:
            replace(running, one)


def replace(running: Cluster, name: str) -> None:
    worker = running.workers[name]
    below = plugins_of(worker.pid) if worker.poll() is None else []
    end(worker)
    gone(below)
    running.start_worker(name)


def end(process: Forked) -> None:
    with process:
        process.kill()


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # it has ended by itself
        return


def pause(seconds: float) -> None:
    """Let a scan go on for so long: the moment is what the test is about."""
    until = time.monotonic() + seconds
    eventually(lambda: time.monotonic() > until)


@pytest.mark.timeout(300)
def test_a_worker_that_is_cut_off_is_done_without(tmp_path: Path, data: Path) -> None:
    make_reader(tmp_path / "plugins", pause_s=0.02)
    library = make_library(tmp_path / "library", 150)
    with cluster(tmp_path) as running:
        scan = running.scan(data, tmp_path / "plugins", library, constants=QUICK)
        await_read(scan, 10)
        running.cut("nas-2")
        report = report_of(scan, 120)
        running.cut("nas-2", up=True)
    assert (report["status"], report["counts"]["read"], report["failures"]) == ("completed", 150, [])


@pytest.mark.timeout(300)
def test_a_worker_that_hangs_when_a_scan_begins_is_done_without(tmp_path: Path, data: Path) -> None:
    make_reader(tmp_path / "plugins")
    library = make_library(tmp_path / "library", 60)
    with cluster(tmp_path, NAMES[:2]) as running:
        running.workers["nas-2"].send_signal(signal.SIGSTOP)
        report = report_of(running.scan(data, tmp_path / "plugins", library, constants=QUICK), 120)
    assert (report["status"], report["workers"], report["failures"]) == ("completed", {"nas-1": 60}, [])


@pytest.mark.timeout(300)
def test_a_scan_that_is_cancelled_or_killed_goes_on_later(tmp_path: Path, data: Path) -> None:
    make_reader(tmp_path / "plugins", pause_s=0.02)
    library = make_library(tmp_path / "library", 150)
    with cluster(tmp_path) as running:
        scan = running.scan(data, tmp_path / "plugins", library, constants=QUICK, cancel=True)
        await_read(scan, 20)
        assert scan.stdin is not None
        scan.stdin.write("x")
        scan.stdin.flush()
        assert report_of(scan)["status"] == "cancelled"
        assert 0 < rows(data) < 150
        killed = running.scan(data, tmp_path / "plugins", library, constants=QUICK)
        await_read(killed, 40)
        end(killed)
        eventually(lambda: not any(plugins_of(worker.pid) for worker in running.workers.values()), "plugins remain")
        report = report_of(running.scan(data, tmp_path / "plugins", library, constants=QUICK))
        assert report["status"] == "completed"
        assert rows(data) == 150


@pytest.mark.timeout(300)
def test_two_hosts_scan_with_one_database_and_one_cluster(tmp_path: Path, postgresql_url: str) -> None:
    make_reader(tmp_path / "plugins", pause_s=0.01)
    libraries = [make_library(tmp_path / name, 90) for name in ("one", "two")]
    with cluster(tmp_path) as running:
        scans = [
            running.scan(tmp_path / f"data-{one.name}", tmp_path / "plugins", one, database=postgresql_url)
            for one in libraries
        ]
        for scan in scans:
            report = report_of(scan, 120)
            assert (report["status"], report["counts"]["read"], report["failures"]) == ("completed", 90, [])
    assert rows(tmp_path, postgresql_url) == 180


@pytest.mark.timeout(300)
def test_a_cluster_on_the_network_is_used_with_tls(tmp_path: Path, data: Path) -> None:
    make_reader(tmp_path / "plugins")
    library = make_library(tmp_path / "library", 20)
    tls, files = make_certificates(tmp_path / "certificates")
    with cluster(tmp_path, config=tls) as running:
        report = report_of(
            running.scan(data, tmp_path / "plugins", library, plaintext=False, tls=list(files), config={})
        )
        assert (report["status"], report["counts"]["read"]) == ("completed", 20)
        if running.apart:
            refused = running.scan(tmp_path / "other", tmp_path / "plugins", library, plaintext=False, config={})
            refused.communicate(timeout=60)
            assert refused.wait() != 0
            assert "without TLS viewra connects to dask schedulers of this machine only" in (
                (tmp_path / "scan.log").read_text()
            )


@pytest.mark.timeout(300)
def test_workers_find_the_files_elsewhere(tmp_path: Path, data: Path) -> None:
    make_reader(tmp_path / "plugins")
    library = make_library(tmp_path / "library", 20, n3="bad")
    (tmp_path / "mounted").symlink_to(library)
    with cluster(tmp_path, ("nas-1",)) as running:
        maps = [f"{library}={tmp_path / 'mounted'}"]
        report = report_of(running.scan(data, tmp_path / "plugins", library, maps=maps, sandbox="auto"))
        assert [one["error"] for one in report["failures"]] == [f"{library / 'n3.mp3'} is no good file"]
        maps = [f"{library}=/nowhere"]
        report = report_of(
            running.scan(data, tmp_path / "plugins", library, maps=maps, full=True, constants=QUICK), 120
        )
        assert "there is no folder /nowhere: mount it there" in report["failures"][0]["error"]
        assert report["counts"]["read"] == 0


def rows(data: Path, url: str | None = None) -> int:
    engine = open_unmigrated(url or f"sqlite:///{data / 'viewra.db'}")
    try:
        with engine.connect() as connection:
            found: int = connection.execute(sa.select(sa.func.count()).select_from(file_metadata)).scalar_one()
            return found
    finally:
        engine.dispose()
