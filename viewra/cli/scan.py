"""``viewra scan PATH…``: the main command, with a progress bar, a summary, and an orderly end on Ctrl-C."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import click

from viewra import library
from viewra.cli import _plugins_events
from viewra.cli._failures import left_lines
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line
from viewra.cli._progress import Progress
from viewra.errors import UsageError
from viewra.host import Host
from viewra.library import display
from viewra.library.interrupt import Escalation, handled
from viewra.types import ScanFailure, ScanReport, ScanStatus

LISTENERS_S, STALL_S = 10.0, 2.0
"""Seconds for pending notifications before the command ends, while a listener makes progress."""
SHOWN_FAILURES = 20
"""Failures in the summary; ``--json`` lists more."""

_full = click.option("--full", is_flag=True, help="Read every file again, even unchanged ones.")
_retry = click.option("--retry-failed", is_flag=True, help="Read only files at which plugins failed before.")
_exclude = click.option(
    "--exclude",
    metavar="PATTERN",
    multiple=True,
    help="Leave out files that match, as in .gitignore, from now on. Repeatable.",
)
_wait = click.option("--wait", is_flag=True, help="Wait until all notifications are delivered.")


def scan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that scans."""
    return _full(_retry(_wait(json_option(function))))


@click.command("scan")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@scan_options
@_exclude
@click.pass_obj
def command(options: Options, /, paths: tuple[str, ...], exclude: tuple[str, ...], **how: bool) -> None:
    """Scan folders: read new and changed files' metadata with the plugins and make it searchable.

    A folder outside all libraries becomes a library. Unchanged files are skipped; files that a plugin has not read yet
    are read by that plugin. Ctrl-C ends a scan in an orderly way, and the next one continues.
    """
    run(options, paths, exclude=exclude, **how)


def run(
    options: Options,
    paths: Sequence[str],
    *,
    full: bool,
    retry_failed: bool,
    wait: bool,
    as_json: bool,
    exclude: Sequence[str] = (),
) -> None:
    """Scan these folders and print the report; exits with status 1 if it was interrupted.

    Patterns in ``exclude`` are stored with each folder's library, which is added first if there is none.
    """
    if full and retry_failed:
        raise UsageError("--full and --retry-failed exclude each other", hint="--full reads what failed again, too")
    with _interrupted() as cancel, options.host() as host:
        for path in paths if exclude else ():
            library.keep_excluded(host.engine, path, exclude)
        with Progress(shown=not as_json) as progress:
            reports = _scan_each(host, paths, cancel, progress, full=full, retry_failed=retry_failed)
        patience_s, stall_s = (math.inf, math.inf) if wait else (LISTENERS_S, STALL_S)
        patience_s = 0 if cancel.is_set() else patience_s
        pending = host.finish_notifications(patience_s, cancel=cancel, stall_s=stall_s)
        notes = _plugins_events.notes(host, pending)
    if as_json:
        print_json(report_data(reports, pending))
    else:
        _summarize(reports)
        for line in notes:
            print_line(f"  {line}")
    if any(report.status is not ScanStatus.COMPLETED for report in reports):
        click.get_current_context().exit(1)


def _scan_each(
    host: Host, paths: Sequence[str], cancel: threading.Event, progress: Progress, **how: bool
) -> list[ScanReport]:
    for path in paths:
        library.check_folder(path)  # check all of them first: a typing error must not end a long scan half-way
    reports = []
    for path in library.distinct_folders(list(paths)):
        reports.append(host.scan(path, cancel=cancel, progress=progress, **how))
        if cancel.is_set():
            break
    return reports


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (SIGTERM, SIGHUP) sets; the second one interrupts."""
    cancel = threading.Event()
    said = "stopping: metadata read so far is kept; press again to stop at once"
    with handled(Escalation(cancel, lambda: print_line(said, err=True))):
        yield cancel


def report_data(reports: Sequence[ScanReport], pending: dict[str, int]) -> dict[str, Any]:
    """The report as JSON: one scan's, or the sums of several with each of them under ``jobs``."""
    data = _one(reports[-1])
    if len(reports) > 1:
        counts: Counter[str] = Counter()
        for report in reports:
            counts.update(attrs.asdict(report.counts))
        failed = [report.status for report in reports if report.status is not ScanStatus.COMPLETED]
        data["status"] = str(failed[0] if failed else ScanStatus.COMPLETED)
        data["files"] = dict(counts)
        data["duration_s"] = round(sum(report.duration_s for report in reports), 3)
        data["failures"] = [_failure(failure) for report in reports for failure in report.failures]
        data["new_failed"] = sum(report.new_failed for report in reports)
        data["still_failed"] = sum(report.still_failed for report in reports)
        unwanted: Counter[str] = Counter()
        for report in reports:
            unwanted.update(report.unwanted)
        data["unwanted"] = dict(unwanted)
        data["jobs"] = [_one(report) for report in reports]
    data["pending_notifications"] = pending
    return data


def _one(report: ScanReport) -> dict[str, Any]:
    return {
        "scan_job_id": report.scan_job_id,
        "library_id": report.library_id,
        "library_path": display(report.library_path),
        "status": str(report.status),
        "files": attrs.asdict(report.counts),
        "duration_s": round(report.duration_s, 3),
        "failures": [_failure(failure) for failure in report.failures],
        "new_failed": report.new_failed,
        "still_failed": report.still_failed,
        "unwanted": dict(report.unwanted),
        "reached": display(report.reached),
        "unread": report.unread,
    }


def _failure(failure: ScanFailure) -> dict[str, Any]:
    return {"path": display(failure.path), "plugin": failure.plugin, "error": display(failure.error)}


def _summarize(reports: Sequence[ScanReport]) -> None:
    for report in reports:
        counts = report.counts
        rate = f", {counts.seen / report.duration_s:,.0f} files/s" if report.duration_s else ""
        print_line(f"{display(report.library_path)}: {report.status} in {report.duration_s:.1f} s{rate}")
        print_line(
            f"  {counts.seen:,} files: {counts.new:,} new, {counts.changed:,} changed, {counts.moved:,} moved, "
            f"{counts.returned:,} returned, {counts.unchanged:,} unchanged; {counts.read:,} read; "
            f"{counts.missing:,} missing; {counts.deleted:,} deleted; {counts.failed:,} failed"
        )
        if report.status is ScanStatus.CANCELLED:
            left = f" with {report.unread:,} of its files left to read" if report.unread else ""
            print_line(f"  it stopped after {report.reached}{left}; the next scan continues")
        if counts.missing:
            print_line("  missing files keep their ids and metadata: viewra library missing lists them")
        for failure in report.failures[:SHOWN_FAILURES]:
            who = f"{failure.plugin}: " if failure.plugin else ""
            print_line(f"  failed: {display(failure.path)}: {who}{display(failure.error)}")
        if len(report.failures) > SHOWN_FAILURES:
            print_line(f"  … and {len(report.failures) - SHOWN_FAILURES} more failures; --json lists them")
        for line in left_lines(report):
            print_line(f"  {line}")
