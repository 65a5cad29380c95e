"""``viewra scan --watch``: after the scan the command's host stays, and keeps the libraries current."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from viewra import library
from viewra.cli._control import ask
from viewra.cli._options import Options
from viewra.cli._output import print_json, print_line
from viewra.cli._progress import Progress
from viewra.cli._scan_report import report_data, summarize
from viewra.cli._stages import print_stages
from viewra.library import display
from viewra.types import ScanReport, ScanStatus

if TYPE_CHECKING:
    from viewra.host.background_scan import ScanState
    from viewra.host.workers.choice import EngineChoice

_COUNTS = ("new", "changed", "moved", "returned", "missing", "deleted", "failed")


def scan_each(paths: Sequence[str], cancel: threading.Event, scan_one: Callable[[str], ScanReport]) -> list[ScanReport]:
    """Scan these folders one after the other, until one is cancelled."""
    for path in paths:
        library.check_folder(path)  # check all of them first: a typing error must not end a long scan half-way
    reports = []
    for path in library.distinct_folders(list(paths)):
        reports.append(scan_one(path))
        if cancel.is_set():
            break
    return reports


def scan_and_watch(
    options: Options,
    paths: Sequence[str],
    cancel: threading.Event,
    progress: Progress,
    exclude: Sequence[str],
    *,
    as_json: bool,
    profile: bool,
    readers: EngineChoice | None,
    full: bool,
    retry_failed: bool,
    quick: bool,
    nice: bool,
) -> None:
    """Scan these folders, print the report, and keep their libraries current until ``cancel``."""

    def scan_one(path: str) -> ScanReport:
        how = {"full": full, "retry_failed": retry_failed, "quick": quick, "nice": nice}
        return host.scans.run(path, **how, cancel=cancel, progress=progress, engine=readers)

    from viewra.host.nice import be_nice  # light start, as a host is

    if nice:
        be_nice()  # as for a scan alone
    with options.host(lasting=True) as host:
        for path in paths if exclude else ():
            library.keep_excluded(host.engine, path, exclude)
        reports = scan_each(paths, cancel, scan_one)
        progress.stop()
        _print(reports, as_json=as_json, profile=profile)
        if cancel.is_set():
            return
        host.scans.watch(lambda state: _tell(state, as_json=as_json))
        host.keep_current({report.library_id for report in reports}, nice=nice)
        if not as_json:
            print_line("watching for changes; press Ctrl-C to end", err=True)
        while not cancel.wait(3600):
            pass


def tell_beside(options: Options, reports: Sequence[ScanReport]) -> None:
    """Say whether the running host, which did these scans, keeps the libraries current."""
    for report in reports:
        kept = ask(options.directory, "library_upkeep", library_id=report.library_id) or {"kept": False}
        name = display(report.library_path)
        if kept["kept"]:
            print_line(f"the running host keeps {name} current: nothing more is needed here", err=True)
        else:
            print_line(
                f"the running host does not keep {name} current: it is not watched, or that host watches others alone; "
                "viewra serve watches all",
                err=True,
            )


def _print(reports: Sequence[ScanReport], *, as_json: bool, profile: bool) -> None:
    if as_json:
        for report in reports:
            print_json(report_data([report], dict(report.pending_notifications)), indent=None)
    else:
        summarize(reports)
        if profile:
            print_stages(reports)


def _tell(state: ScanState, *, as_json: bool) -> None:
    """Print what a scan in the background found, if anything; on its thread."""
    report = state.report
    if report is None:
        if state.error:
            print_line(f"{display(state.path)}: {state.error}", err=True)
        return
    counts = {name: getattr(report.counts, name) for name in _COUNTS if getattr(report.counts, name)}
    if not counts and not report.failures and report.status is ScanStatus.COMPLETED:
        return
    if as_json:
        print_json(report_data([report], dict(report.pending_notifications)), indent=None)
        return
    found = ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "nothing new"
    how = "" if report.status is ScanStatus.COMPLETED else f" ({report.status})"
    print_line(f"{time.strftime('%H:%M:%S')} {display(report.library_path)}: {found}{how}")
    for failure in report.failures[:3]:
        who = f"{failure.plugin}: " if failure.plugin else ""
        print_line(f"  failed: {display(failure.path)}: {who}{display(failure.error)}")
