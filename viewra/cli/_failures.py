"""``viewra library failures``: files that could not be read, and their lines in ``scan`` and ``show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import click

from viewra import library
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.cli._times import time_text
from viewra.types import ScanReport

if TYPE_CHECKING:  # asking a running host must not import one
    from viewra.host import Host
    from viewra.library import KnownFailure

_MOST_EXTENSIONS = 8


@click.command("failures")
@click.argument("path", required=False)
@click.option("--plugin", "plugin_id", metavar="ID", help="Only failures of this plugin.")
@json_option
@click.pass_obj
def failures_command(options: Options, path: str | None, plugin_id: str | None, as_json: bool) -> None:
    """List files that could not be read, at and below PATH or everywhere: the plugin, the error and the time.

    A failure stays in the list until the plugin has read the file: after a change, or with scan --retry-failed.
    """
    with options.host(exclusive=False) as host:
        found = library.list_failures(host.engine, path, plugin_id=plugin_id, installed=set(host.plugins))
    if as_json:
        print_json([failure_data(one) for one in found])
    elif found:
        rows = [(one.path, one.plugin or "(system)", time_text(one.at), one.error) for one in found]
        print_table(rows, ("PATH", "PLUGIN", "WHEN", "ERROR"))
        print_line("read them again with: viewra scan --retry-failed PATH")
    else:
        print_line("nothing failed")


def failure_data(failure: KnownFailure) -> dict[str, Any]:
    """A failure as JSON; ``at`` is an ISO 8601 time."""
    return {**attrs.asdict(failure), "at": time_text(failure.at)}


def failures_in(host: Host, file_id: int) -> list[KnownFailure]:
    """The failures of present plugins at one file."""
    return library.failures_of(host.engine, file_id, set(host.plugins))


def failure_line(failure: KnownFailure) -> str:
    """A failure's line below the name of its file."""
    return f"{failure.plugin} could not read it ({time_text(failure.at)}): {failure.error}"


def left_lines(report: ScanReport) -> list[str]:
    """The files that a scan leaves unread, one line per reason."""
    lines = []
    if report.still_failed:
        new = f"{report.new_failed:,} new failure{'' if report.new_failed == 1 else 's'}"
        lines.append(f"{new}, {_files(report.still_failed)} still cannot be read: viewra library failures")
    if count := sum(report.unwanted.values()):
        kinds = [f"{name} {number:,}" for name, number in report.unwanted.items()]
        more = ", …" if len(kinds) > _MOST_EXTENSIONS else ""
        lines.append(f"{_files(count)} that no enabled plugin reads: {', '.join(kinds[:_MOST_EXTENSIONS])}{more}")
    return lines


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
