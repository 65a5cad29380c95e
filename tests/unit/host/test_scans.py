"""Scans in the background: they begin or say why not, pause, resume, and end with their host."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import asdict

from tests.eventually import eventually
from viewra import Host
from viewra.errors import LockedError, NotFound, UsageError, ViewraError
from viewra.host import scans
from viewra.host.admin.scan_operations import _together
from viewra.host.background_scan import BackgroundScan, Phase, ScanState
from viewra.host.scans import Scans
from viewra.host.workers.choice import TLS, EngineChoice
from viewra.library import ScanProgress, ScanRecord
from viewra.library.scan_plan import Entering
from viewra.library.scope import Part
from viewra.types import ScanCause, ScanCounts, ScanReport, ScanStatus

LIMIT_S = 20
SEEN = ScanProgress(1, 1, None, 0, "walk", "/music/a")


class FakeScan:
    """In place of ``Host.scan``: it goes on, step by step, as the test lets it."""

    def __init__(self) -> None:
        self.steps = threading.Semaphore(0)
        self.taken = 0
        self.error: Exception | None = None
        self.hangs = False
        self.ids = itertools.count(7)

    def __call__(
        self,
        path: str,
        *,
        full: bool,
        retry_failed: bool,
        quick: bool,
        nice: bool,
        parts: Sequence[Part],
        cause: ScanCause,
        entering: Entering | None,
        cancel: threading.Event,
        progress: Callable[[ScanProgress], None],
        begun: Callable[[int], None],
        engine: EngineChoice | None = None,
    ) -> ScanReport:
        if self.error is not None:
            raise self.error
        if self.hangs:
            cancel.wait(LIMIT_S)
        job_id = next(self.ids)
        begun(job_id)
        while not cancel.is_set():
            progress(SEEN)
            self.taken += 1
            if not self.steps.acquire(timeout=0.01):
                continue
        return ScanReport(job_id, 1, path, ScanStatus.CANCELLED, ScanCounts(), 0.1)


@pytest.fixture
def fake() -> FakeScan:
    return FakeScan()


@pytest.fixture
def several(fake: FakeScan) -> Iterator[Scans]:
    made = Scans(fake, accepts=True)
    yield made
    made.close()


def test_a_paused_scan_goes_no_further_until_it_is_resumed(several: Scans, fake: FakeScan) -> None:
    told: list[Phase] = []
    several.watch(lambda state: told.append(state.phase))
    assert several.start("/music").scan_job_id == 7
    several.pause(7)
    eventually(lambda: several.get(7).progress == SEEN)
    stopped = fake.taken
    fake.steps.release(100)
    threading.Event().wait(0.1)
    assert fake.taken <= stopped + 1
    assert several.resume(7).phase is Phase.RUNNING
    eventually(lambda: fake.taken > stopped + 1)
    assert {Phase.PAUSED, Phase.RUNNING} <= set(told)


@pytest.mark.parametrize("paused", [True, False])
def test_a_cancelled_scan_ends_also_if_it_is_paused(several: Scans, paused: bool) -> None:
    several.start("/music")
    if paused:
        several.pause(7)
    several.cancel(7)
    eventually(lambda: several.get(7).phase is Phase.ENDED)
    ended = several.get(7)
    assert ended.report is not None
    assert ended.report.status is ScanStatus.CANCELLED
    assert several.resume(7).phase is Phase.ENDED


def test_closing_cancels_and_takes_no_more(several: Scans) -> None:
    several.start("/music")
    several.close()
    assert several.get(7).phase is Phase.ENDED
    with pytest.raises(LockedError):
        several.start("/music")


def test_a_scan_that_cannot_begin_says_why(several: Scans, fake: FakeScan) -> None:
    fake.error = UsageError("no such folder")
    with pytest.raises(UsageError, match="no such folder"):
        several.start("/music")
    assert several.all() == []
    with pytest.raises(UsageError, match="exclude each other"):
        several.start("/music", full=True, retry_failed=True)


def test_a_disk_that_does_not_respond_holds_nobody_up(
    several: Scans, fake: FakeScan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scans, "BEGIN_S", 0.05)
    fake.hangs = True
    with pytest.raises(ViewraError, match="could not be looked at within"):
        several.start("/music")


def test_a_host_that_ends_soon_takes_none(fake: FakeScan) -> None:
    with pytest.raises(LockedError, match="which ends soon"):
        Scans(fake, accepts=False).start("/music")


def test_only_so_many_are_remembered(several: Scans, fake: FakeScan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "REMEMBERED", 2)
    for _ in range(5):
        several.cancel(several.start("/music").scan_job_id)
        eventually(lambda: all(state.phase is Phase.ENDED for state in several.all()))
    assert len(several.all()) == 3
    with pytest.raises(NotFound):
        several.get(7)


def test_a_watcher_that_fails_stops_no_scan(several: Scans) -> None:
    def fail(_state: ScanState) -> None:
        raise ValueError("its own failure")

    several.watch(fail)
    several.start("/music")
    several.cancel(7)
    eventually(lambda: several.get(7).phase is Phase.ENDED)


def test_a_failed_scan_says_so() -> None:
    class Failing(FakeScan):
        def __call__(self, path: str, **how: Any) -> ScanReport:
            how["begun"](7)
            raise ViewraError("the disk is full", hint="make room")

    one = BackgroundScan(Failing(), ScanState(0, "/music", False, False, Phase.RUNNING, None, 0), lambda _: None)
    one.begin(LIMIT_S)
    assert one.wait(LIMIT_S)
    assert (one.state.phase, one.state.error, one.state.report) == (Phase.ENDED, "the disk is full (make room)", None)


def test_a_host_scans_in_the_background(tmp_path: Path, quick_hosts: None) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.mp3").write_bytes(b"x")
    with Host(data_dir=tmp_path / "data", sandbox="off", watch=False) as host:
        begun = host.dispatch.answer("scan_start", {"path": str(tmp_path / "music")})
        job_id = begun["scan_job_id"]

        def report() -> Any:
            return host.dispatch.answer("scan_get", {"scan_job_id": job_id})["report"]

        eventually(report)
        assert report()["counts"]["new"] == 1
        assert host.dispatch.answer("scan_list", {})["items"][0]["status"] == "completed"
    with Host(data_dir=tmp_path / "data", sandbox="off", watch=False) as later:
        assert later.dispatch.answer("scan_get", {"scan_job_id": job_id})["report"] is None


def test_a_scan_in_the_background_has_its_files_read_by_the_engine_that_is_asked_for(
    tmp_path: Path, quick_hosts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = EngineChoice(0, "nas", 8786, TLS("/ca", "/cert", "/key"), plaintext=True, folders={"/srv": "/mnt"})
    engines: list[EngineChoice | None] = []

    def scan(path: str, *, engine: EngineChoice | None = None, **how: Any) -> ScanReport:
        engines.append(engine)
        raise ViewraError("no scheduler answers", hint="start one")

    with Host(data_dir=tmp_path / "data", sandbox="off", watch=False) as host:
        monkeypatch.setattr(host, "_scans", Scans(scan, accepts=True))
        with pytest.raises(ViewraError, match="no scheduler answers"):
            host.dispatch.answer("scan_start", {"path": "/srv/music", "engine": json.loads(json.dumps(asdict(choice)))})
        with pytest.raises(ViewraError, match="no scheduler answers"):
            host.dispatch.answer("scan_start", {"path": "/srv/music"})
        with pytest.raises(UsageError, match=r"engine\.processes: expected a whole number"):
            host.dispatch.answer("scan_start", {"path": "/srv/music", "engine": {"processes": "many"}})
    assert engines == [choice, None]


def test_a_scan_whose_report_is_to_come_has_not_ended() -> None:
    record = ScanRecord(7, 1, "/music", ScanStatus.COMPLETED, 1, 2, "", {})
    begun = ScanState(7, "/music", False, False, Phase.RUNNING, None, 1)
    info = _together(record, begun)
    assert (info.status, info.finished_at, info.report) == ("running", None, None)
    ended = _together(record, attrs.evolve(begun, phase=Phase.ENDED))
    assert (ended.status, ended.finished_at) == ("completed", 2)


def test_a_scan_on_its_callers_thread_is_paused_and_cancelled_by_others(several: Scans, fake: FakeScan) -> None:
    shown: list[ScanProgress] = []
    ended: list[ScanReport] = []
    thread = threading.Thread(target=lambda: ended.append(several.run("/music", progress=shown.append)))
    thread.start()
    eventually(lambda: [state.scan_job_id for state in several.all()] == [7])
    several.pause(7)
    eventually(lambda: several.get(7).phase is Phase.PAUSED)
    several.resume(7)
    several.cancel(7)
    thread.join(LIMIT_S)
    assert ended[0].status is ScanStatus.CANCELLED
    assert set(shown) == {SEEN}
    assert several.all() == []
    several.close()


def test_a_paused_scan_ends_by_the_event_that_its_caller_gave(several: Scans) -> None:
    cancel = threading.Event()
    thread = threading.Thread(target=lambda: several.run("/music", cancel=cancel))
    thread.start()
    eventually(lambda: several.all())
    several.pause(7)
    cancel.set()  # as a signal does, which notifies nobody
    thread.join(LIMIT_S)
    assert not thread.is_alive()
