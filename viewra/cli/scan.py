"""``viewra scan PATH…``: the main command, with a progress bar, a summary, and an orderly end on Ctrl-C."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from viewra import library
from viewra.cli import _completing, _garbage
from viewra.cli._control import beside_or_alone
from viewra.cli._engine import engine_options
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line
from viewra.cli._progress import Progress
from viewra.cli._scan_beside import ScansBeside, scans_beside
from viewra.cli._scan_report import report_data, summarize
from viewra.cli._scan_watch import scan_and_watch, scan_each, tell_beside
from viewra.cli._stages import print_stages
from viewra.errors import UsageError
from viewra.library.interrupt import Escalation, handled
from viewra.types import ScanReport, ScanStatus

if TYPE_CHECKING:
    from viewra.host.workers.choice import EngineChoice

LISTENERS_S, STALL_S = 10.0, 2.0
"""Seconds for pending notifications before the command ends, while a listener makes progress; then for tasks."""

_full = click.option("--full", is_flag=True, help="Read every file again, even unchanged ones.")
_retry = click.option("--retry-failed", is_flag=True, help="Read only files at which plugins failed before.")
_exclude = click.option(
    "--exclude",
    metavar="PATTERN",
    multiple=True,
    help="Leave out files that match, as in .gitignore, from now on. Repeatable.",
)
_quick = click.option(
    "--quick",
    is_flag=True,
    help="Leave out folders whose own modification time is unchanged: misses files that were edited in place.",
)
_wait = click.option(
    "--wait", is_flag=True, help="Wait until all notifications are delivered, and the tasks of plugins executed."
)
_nice = click.option("--nice", is_flag=True, help="Leave the machine to others: low priority, slow while it is busy.")
_watch = click.option("--watch", is_flag=True, help="Go on after the scan: notice changes and scan them, until Ctrl-C.")
_profile = click.option("--profile", is_flag=True, help="Show what each stage of the scan took, and the slowest one.")


def scan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that scans."""
    return _full(_quick(_retry(_nice(_watch(_wait(engine_options(_profile(json_option(function)))))))))


@click.command("scan")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, shell_complete=_completing.folders)
@scan_options
@_exclude
@click.pass_obj
def command(options: Options, /, paths: tuple[str, ...], exclude: tuple[str, ...], **how: Any) -> None:
    """Scan folders: read new and changed files' metadata with the plugins and make it searchable.

    A folder outside all libraries becomes a library. Unchanged files are skipped; files that a plugin has not read yet
    are read by that plugin. Ctrl-C ends a scan in an orderly way, and the next one continues.
    """
    run(options, paths, exclude=exclude, **how)


def run(options: Options, paths: Sequence[str], **how: Any) -> None:
    """Scan these folders and print the report; exits with status 1 if it was interrupted.

    Patterns in ``exclude`` are stored with each folder's library, which is added first if there is none. ``how`` are
    the other options of the command.
    """
    beside_or_alone(lambda: _run(options, paths, **how))


def _run(
    options: Options,
    paths: Sequence[str],
    *,
    full: bool,
    quick: bool,
    retry_failed: bool,
    nice: bool,
    watch: bool,
    wait: bool,
    profile: bool,
    as_json: bool,
    readers: EngineChoice | None,
    exclude: Sequence[str] = (),
) -> None:
    if full and retry_failed:
        raise UsageError("--full and --retry-failed exclude each other", hint="--full reads what failed again, too")
    if quick and (full or retry_failed):
        raise UsageError("--quick excludes --full and --retry-failed", hint="leave it out")
    how = {"full": full, "retry_failed": retry_failed, "quick": quick, "nice": nice}
    reports: list[ScanReport] | None = None
    pending: dict[str, int] = {}
    notes: list[str] = []
    with _interrupted() as cancel, Progress(shown=not as_json) as progress:
        beside = scans_beside(options, cancel, progress)
        if beside is not None:
            reports = scan_each(paths, cancel, lambda path: beside.scan(path, exclude=exclude, readers=readers, **how))
            pending = _pending_beside(beside, cancel, wait=wait)
            notes = _notes_beside(options, pending)
        elif watch:
            shown = {"as_json": as_json, "profile": profile}
            scan_and_watch(options, paths, cancel, progress, exclude, readers=readers, **shown, **how)
            return
        elif not (full or retry_failed or exclude or options.reattach):
            reports = _scan_unchanged(options, paths, quick=quick, cancel=cancel)
        if reports is None:
            reports, pending, notes = _scan_here(
                options, paths, cancel, progress, exclude, wait=wait, readers=readers, **how
            )
    if watch:
        tell_beside(options, reports)
    if as_json:
        print_json(report_data(reports, pending))
    else:
        summarize(reports)
        for line in notes:
            print_line(f"  {line}")
        if profile:
            print_stages(reports)
    if any(report.status is not ScanStatus.COMPLETED for report in reports):
        click.get_current_context().exit(1)


def _scan_unchanged(
    options: Options, paths: Sequence[str], *, quick: bool, cancel: threading.Event
) -> list[ScanReport] | None:
    """The reports of these folders if nothing is to do in any; else None, and a host has to scan them."""
    from viewra.host.installed.data_dir import PACKAGES, make_private  # light start, all of these
    from viewra.host.installed.lock import DataLock
    from viewra.host.installed.plugins_state import plugins_state
    from viewra.library.unchanged import scan_unchanged

    make_private(options.directory)
    with DataLock(options.directory), options.engine() as engine:
        plugins = plugins_state(engine, [*map(Path, options.plugins), options.directory / PACKAGES]).whole
        reports = []
        for path in library.distinct_folders(list(paths)):
            report = scan_unchanged(engine, path, plugins, quick=quick, cancel=cancel)
            if report is None:
                return None
            reports.append(report)
    return reports


def _scan_here(
    options: Options,
    paths: Sequence[str],
    cancel: threading.Event,
    progress: Progress,
    exclude: Sequence[str],
    *,
    wait: bool,
    readers: EngineChoice | None,
    full: bool,
    retry_failed: bool,
    quick: bool,
    nice: bool,
) -> tuple[list[ScanReport], dict[str, int], list[str]]:
    """Scan with a host of the command's own: the reports, pending notifications, and notes on these."""
    from viewra.cli import _plugins_events  # light start: where nothing has changed, no plugin is needed
    from viewra.cli.tasks import task_notes
    from viewra.host.nice import be_nice

    def scan_one(path: str) -> ScanReport:
        how = {"full": full, "retry_failed": retry_failed, "quick": quick, "nice": nice}
        return host.scans.run(path, **how, cancel=cancel, progress=progress, engine=readers)

    if nice:
        be_nice()  # before there are other threads and plugins, which have the same priority then
    with options.host() as host:
        _garbage.keep()
        for path in paths if exclude else ():
            library.keep_excluded(host.engine, path, exclude)
        reports = scan_each(paths, cancel, scan_one)
        progress.stop()
        patience_s, stall_s = (math.inf, math.inf) if wait else (LISTENERS_S, STALL_S)
        patience_s = 0 if cancel.is_set() else patience_s
        pending = host.finish_notifications(patience_s, cancel=cancel, stall_s=stall_s)
        host.tasks.wait_idle(patience_s, cancel=cancel, stall_s=stall_s)
        return reports, pending, [*_plugins_events.notes(host, pending), *task_notes(host)]


def _pending_beside(beside: ScansBeside, cancel: threading.Event, *, wait: bool) -> dict[str, int]:
    """Wait for the running host's listeners as ``_scan_here`` does."""
    pending = beside.pending(0.0 if cancel.is_set() else LISTENERS_S)
    while wait and pending and not cancel.wait(STALL_S):
        pending = beside.pending(LISTENERS_S)
    return pending


def _notes_beside(options: Options, pending: dict[str, int]) -> list[str]:
    from viewra.cli import _plugins_events  # as in ``_scan_here``

    with options.host(exclusive=False) as host:
        return [*_plugins_events.notes(host, pending)]


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (SIGTERM, SIGHUP) sets; the second one interrupts."""
    cancel = threading.Event()
    said = "stopping: metadata read so far is kept; press again to stop at once"
    with handled(Escalation(cancel, lambda: print_line(said, err=True))):
        yield cancel
