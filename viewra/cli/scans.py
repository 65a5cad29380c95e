"""``viewra scans list|pause|resume|cancel``: the scans of all times, and those that run now."""

from __future__ import annotations

from typing import Any

import click

from viewra.cli._control import ask, ask_or_do, no_host
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.errors import UsageError
from viewra.library.exporting import time_text

_LIVE = {"running", "paused", "cancelling"}
_COUNTS = ("new", "changed", "moved", "missing", "failed")
_scan_id = click.argument("scan_id", metavar="[ID]", type=click.IntRange(1), required=False)


@click.group("scans")
def command() -> None:
    """List scans; pause, resume and cancel those that run, in this terminal's host or any other."""


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, the last first.")
@json_option
@click.pass_obj
def list_(options: Options, limit: int, as_json: bool) -> None:
    """List the scans, the last first, and why each began."""
    found = ask_or_do(options, "scan_list", limit=limit)["items"]
    if as_json:
        print_json(found)
    elif found:
        rows = [
            (one["scan_job_id"], time_text(one["started_at"]), one["status"], one["cause"], _counted(one), one["path"])
            for one in found
        ]
        print_table(rows, ("ID", "BEGAN", "STATUS", "CAUSE", "FOUND", "PATH"))
    else:
        print_line("no scans yet: viewra scan PATH does one")


@command.command("pause")
@_scan_id
@json_option
@click.pass_obj
def pause(options: Options, scan_id: int | None, as_json: bool) -> None:
    """Pause a scan, the one that runs unless you name another: it keeps its place, and plugins get no more files."""
    _tell(_do(options, "scan_pause", scan_id), as_json=as_json)


@command.command("resume")
@_scan_id
@json_option
@click.pass_obj
def resume(options: Options, scan_id: int | None, as_json: bool) -> None:
    """Let a paused scan continue."""
    _tell(_do(options, "scan_resume", scan_id), as_json=as_json)


@command.command("cancel")
@_scan_id
@json_option
@click.pass_obj
def cancel(options: Options, scan_id: int | None, as_json: bool) -> None:
    """End a scan in an orderly way; the next one continues from there."""
    _tell(_do(options, "scan_cancel", scan_id), as_json=as_json)


def _do(options: Options, operation: str, scan_id: int | None) -> dict[str, Any]:
    page = ask(options.directory, "scan_list")
    if page is None:
        raise no_host(options.directory, "no scan runs", hint="see the last ones with: viewra scans list")
    if scan_id is None:
        live = [one["scan_job_id"] for one in page["items"] if one["status"] in _LIVE and one["finished_at"] is None]
        if len(live) != 1:
            names = ", ".join(map(str, live))
            raise UsageError(
                f"several scans run: {names}" if live else "no scan runs",
                hint="name one by its id" if live else "see the last ones with: viewra scans list",
            )
        (scan_id,) = live
    done: dict[str, Any] = ask(options.directory, operation, scan_job_id=scan_id)
    return done


def _tell(scan: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(scan)
    else:
        print_line(f"scan {scan['scan_job_id']} of {scan['path']}: {scan['status']}")


def _counted(scan: dict[str, Any]) -> str:
    counts = scan["counts"]
    return ", ".join(f"{counts[name]:,} {name}" for name in _COUNTS if counts.get(name)) or "-"
