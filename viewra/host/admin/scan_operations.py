"""Operations on a host's scans, which run in the background of a host that lasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from viewra import library
from viewra.errors import NotFound
from viewra.host.admin.operation import operation
from viewra.host.background_scan import Phase, ScanState
from viewra.host.scanning import Scanning
from viewra.host.workers.choice import EngineChoice
from viewra.library import ScanProgress, ScanRecord, keeping
from viewra.schedules import local_now
from viewra.types import Page, ScanCause, ScanFailure, ScanReport

LISTENERS_S, STALL_S = 10.0, 2.0
"""Seconds for pending notifications, at most and without progress: the control socket waits a little longer."""


@attrs.frozen
class ScanInfo:
    """One scan. Times are in microseconds since the epoch.

    ``cause`` is why it began: asked, change, schedule or made_up (see ``ScanCause``).
    ``status`` is running, paused, cancelling, completed, cancelled or failed. ``progress`` and ``report`` are known for
    scans that this host does in the background. ``counts`` are empty until the end, ``failures`` are the first 1,000;
    ``error`` is why the whole scan failed, "" if it did not.
    """

    scan_job_id: int
    library_id: int
    path: str
    status: str
    started_at: int
    finished_at: int | None
    error: str
    counts: Mapping[str, int]
    cause: str = ScanCause.ASKED
    failures: tuple[ScanFailure, ...] = ()
    progress: ScanProgress | None = None
    report: ScanReport | None = None


@attrs.frozen
class Notifications:
    """How many notifications of scans still wait for each listener."""

    pending: Mapping[str, int]


@operation(changes=True)
def scan_start(
    host: Scanning,
    path: str,
    full: bool = False,
    retry_failed: bool = False,
    exclude: list[str] | None = None,
    quick: bool = False,
    nice: bool = False,
    engine: EngineChoice | None = None,
) -> ScanInfo:
    """Start a scan in the background; returns when it has begun. ``engine`` has workers read the files."""
    if exclude:
        library.keep_excluded(host.engine, path, exclude)
    begun = host.scans.start(path, full=full, retry_failed=retry_failed, quick=quick, nice=nice, engine=engine)
    return _info(host, begun.scan_job_id)


@operation(changes=False)
def scan_list(host: Scanning, after: str | None = None, limit: int = 100) -> Page[ScanInfo]:
    """All scans, the last first."""
    page = library.list_scans(host.engine, after=after, limit=limit)
    here = {state.scan_job_id: state for state in host.scans.all()}
    return Page(tuple(_together(record, here.get(record.scan_job_id)) for record in page.items), page.next)


@operation(changes=False)
def scan_get(host: Scanning, scan_job_id: int) -> ScanInfo:
    """One scan: its progress, or how it ended."""
    return _info(host, scan_job_id)


@operation(changes=True)
def scan_pause(host: Scanning, scan_job_id: int) -> ScanInfo:
    """Pause a scan: it keeps its place, and plugins get no more files."""
    host.scans.pause(scan_job_id)
    return _info(host, scan_job_id)


@operation(changes=True)
def scan_resume(host: Scanning, scan_job_id: int) -> ScanInfo:
    """Let a paused scan continue."""
    host.scans.resume(scan_job_id)
    return _info(host, scan_job_id)


@operation(changes=True)
def scan_cancel(host: Scanning, scan_job_id: int) -> ScanInfo:
    """End a scan; the next one continues from there."""
    host.scans.cancel(scan_job_id)
    return _info(host, scan_job_id)


@attrs.frozen
class UpkeepInfo:
    """How a library is kept current.

    ``kept``: this host notices changes, or looks for them. ``polled``: why it has to look now and then, "" if it has
    not. ``next_run`` is when the library's ``schedule`` has it scanned next, in microseconds since the epoch; None
    without a schedule.
    """

    library_id: int
    kept: bool
    polled: str
    schedule: str
    next_run: int | None


@operation(changes=False)
def library_upkeeps(host: Scanning) -> list[UpkeepInfo]:
    """How each library is kept current, and when its schedule has it scanned next."""
    now = local_now()
    return [_upkeep(host, row, row.next_run(now)) for row in keeping.load(host.engine)]


@operation(changes=False)
def library_upkeep(host: Scanning, library_id: int) -> UpkeepInfo:
    """How a library is kept current, and when its schedule has it scanned next."""
    for one in library_upkeeps(host):
        if one.library_id == library_id:
            return one
    raise NotFound(f"there is no library {library_id}", hint="see them with: viewra library list")


def _upkeep(host: Scanning, row: keeping.Kept, due: datetime | None) -> UpkeepInfo:
    state = host.upkeep.state(row.id) if host.upkeep is not None else None
    next_run = int(due.timestamp() * keeping.SECOND) if due is not None else None
    kept, polled = (state.kept, state.polled) if state is not None else (False, "")
    return UpkeepInfo(row.id, kept, polled, row.schedule, next_run)


@operation(changes=False)
def scan_notifications(host: Scanning, timeout_s: float = 0.0) -> Notifications:
    """Wait until listeners have all notifications, or make no progress, for some seconds; returns the pending ones."""
    return Notifications(host.finish_notifications(min(timeout_s, LISTENERS_S), stall_s=STALL_S))


def _info(host: Scanning, scan_job_id: int) -> ScanInfo:
    try:
        state = host.scans.get(scan_job_id)
    except NotFound:
        state = None
    return _together(library.get_scan(host.engine, scan_job_id), state)


def _together(record: ScanRecord, state: ScanState | None) -> ScanInfo:
    values = {name: getattr(record, name) for name in attrs.fields_dict(ScanRecord)}
    if state is None:
        return ScanInfo(**values)
    if state.phase is not Phase.ENDED:  # even if the end is stored: its report comes a moment later
        values |= {"status": str(state.phase), "finished_at": None}
    elif record.finished_at is None:  # its end could not be stored, for example on a full disk
        values |= {"status": "failed", "finished_at": state.ended_at, "error": state.error or ""}
    return ScanInfo(**values, progress=state.progress, report=state.report)
