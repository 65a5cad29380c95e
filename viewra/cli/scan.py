"""``viewra scan PATH…``: the main job, with a progress bar, a summary, and an orderly end on Ctrl-C."""

from __future__ import annotations

import math
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import click

from viewra import library
from viewra.cli._options import Options
from viewra.cli._output import in_one_line, json_option, print_json
from viewra.cli._progress import Progress
from viewra.host import Host
from viewra.library import display
from viewra.types import ScanFailure, ScanReport, ScanStatus

LISTENERS_S = 1.0
"""Seconds in which plugins may catch up with the notifications of a scan before the command ends."""
SHOWN_FAILURES = 20
"""Failures that the summary lists; ``--json`` lists more."""

_full = click.option("--full", is_flag=True, help="Read every file again, also those that have not changed.")
_exclude = click.option(
    "--exclude",
    metavar="PATTERN",
    multiple=True,
    help="Leave out what fits, as in .gitignore, from now on. Repeatable.",
)
_wait = click.option("--wait", is_flag=True, help="Wait until every plugin has heard of every file.")


def scan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that scans."""
    return _full(_wait(json_option(function)))


@click.command("scan")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@scan_options
@_exclude
@click.pass_obj
def command(
    options: Options, paths: tuple[str, ...], full: bool, wait: bool, as_json: bool, exclude: tuple[str, ...]
) -> None:
    """Scan folders: read new and changed files' metadata with the plugins and make it searchable.

    A folder that is in no library yet becomes one. Unchanged files are skipped; files that a plugin has not seen are
    read by that plugin. Ctrl-C ends a scan in order, and the next one goes on.
    """
    run(options, paths, full=full, wait=wait, as_json=as_json, exclude=exclude)


def run(
    options: Options, paths: Sequence[str], *, full: bool, wait: bool, as_json: bool, exclude: Sequence[str] = ()
) -> None:
    """Scan these folders and print the report; exits with status 1 when it was interrupted.

    Patterns in ``exclude`` are kept with the library of each folder, which is added first if it is in none.
    """
    with _interrupted() as cancel, options.host() as host:
        for path in paths if exclude else ():
            library.keep_excluded(host.engine, path, exclude)
        with Progress(shown=not as_json) as progress:
            reports = _scan_each(host, paths, full, cancel, progress)
        patience_s = math.inf if wait else LISTENERS_S
        pending = host.finish_notifications(0 if cancel.is_set() else patience_s, cancel=cancel)
    if as_json:
        print_json(report_data(reports, pending))
    else:
        _summarize(reports, pending)
    if any(report.status is not ScanStatus.COMPLETED for report in reports):
        click.get_current_context().exit(1)


def _scan_each(
    host: Host, paths: Sequence[str], full: bool, cancel: threading.Event, progress: Progress
) -> list[ScanReport]:
    for path in paths:
        library.check_folder(path)  # all of them first: a typing error must not end a long scan half-way
    reports = []
    for path in library.distinct_folders(list(paths)):
        reports.append(host.scan(path, full=full, cancel=cancel, progress=progress))
        if cancel.is_set():
            break
    return reports


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (or SIGTERM) sets; the second one interrupts for good."""
    cancel = threading.Event()

    def handle(_number: int, _frame: object) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()
        click.echo("\nstopping: what was read is kept; once more to stop at once", err=True)

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def report_data(reports: Sequence[ScanReport], pending: dict[str, int]) -> dict[str, Any]:
    """The report as JSON: that of one scan, or the sums of several with each of them under ``jobs``."""
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
        "reached": display(report.reached),
        "unread": report.unread,
    }


def _failure(failure: ScanFailure) -> dict[str, Any]:
    return {"path": display(failure.path), "plugin": failure.plugin, "error": display(failure.error)}


def _summarize(reports: Sequence[ScanReport], pending: dict[str, int]) -> None:
    for report in reports:
        counts = report.counts
        rate = f", {counts.seen / report.duration_s:,.0f} files/s" if report.duration_s else ""
        click.echo(f"{display(report.library_path)}: {report.status} in {report.duration_s:.1f} s{rate}")
        click.echo(
            f"  {counts.seen:,} files: {counts.new:,} new, {counts.changed:,} changed, {counts.moved:,} moved, "
            f"{counts.returned:,} returned, {counts.unchanged:,} unchanged; {counts.read:,} read; "
            f"{counts.missing:,} missing; {counts.deleted:,} deleted; {counts.failed:,} failed"
        )
        if report.status is ScanStatus.CANCELLED:
            left = f" with {report.unread:,} of its files left to read" if report.unread else ""
            click.echo(f"  it came as far as {in_one_line(report.reached)}{left}; the next scan goes on")
        if counts.missing:
            click.echo("  missing files keep their ids and metadata: viewra library missing lists them")
        for failure in report.failures[:SHOWN_FAILURES]:
            who = f"{failure.plugin}: " if failure.plugin else ""
            click.echo(f"  failed: {display(failure.path)}: {who}{display(failure.error)}")
        if len(report.failures) > SHOWN_FAILURES:
            click.echo(f"  … and {len(report.failures) - SHOWN_FAILURES} more failures; --json lists them")
    for plugin, count in pending.items():
        click.echo(
            f"  {plugin} has {count:,} notifications pending: they are delivered at the next scan, or with --wait"
        )
