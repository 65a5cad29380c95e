"""``viewra library failures``: files that could not be read, and their lines in ``scan`` and ``show``."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs
import click

from viewra.cli import _completing
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json_rows, print_line, print_table
from viewra.library.exporting import every, time_text
from viewra.types import Page

if TYPE_CHECKING:  # asking a running host must not import one
    from viewra.library import KnownFailure

SHOWN = 200
"""The most failures shown; ``--json`` lists all."""


@click.command("failures")
@click.argument("path", required=False, shell_complete=_completing.libraries)
@click.option(
    "--plugin", "plugin_id", metavar="ID", help="Only failures of this plugin.", shell_complete=_completing.plugins
)
@json_option
@click.pass_obj
def failures_command(options: Options, path: str | None, plugin_id: str | None, as_json: bool) -> None:
    """List files that could not be read, at and below PATH or everywhere: the plugin, the error and the time.

    A failure stays in the list until the plugin has read the file: after a change, or with scan --retry-failed.
    """
    with options.host(exclusive=False) as host:
        present = set(host.plugins)

        def page(after: str | None, wanted: int) -> Page[KnownFailure]:
            return host.library.failures(path, plugin_id=plugin_id, installed=present, after=after, limit=wanted)

        found = every(page, None)
        if as_json:
            print_json_rows(map(failure_data, found))
            return
        rows = [(one.path, one.plugin or "(system)", time_text(one.at), one.error) for one in islice(found, SHOWN + 1)]
    if rows:
        print_table(rows[:SHOWN], ("PATH", "PLUGIN", "WHEN", "ERROR"))
        if len(rows) > SHOWN:
            print_line("… and more: --json lists all")
        print_line("read them again with: viewra scan --retry-failed PATH")
    else:
        print_line("nothing failed")


def failure_data(failure: KnownFailure) -> dict[str, Any]:
    """A failure as JSON; ``at`` is an ISO 8601 time."""
    return {**attrs.asdict(failure), "at": time_text(failure.at)}


def of_present_plugins(options: Options, failures: list[KnownFailure]) -> list[KnownFailure]:
    """Leave out the failures of plugins that are gone: they will not read the files again."""
    if not failures:  # then it does not matter which plugins there are, and no host is needed
        return []
    with options.host(exclusive=False) as host:
        return [one for one in failures if one.plugin in host.plugins]


def failure_line(failure: KnownFailure) -> str:
    """A failure's line below the name of its file."""
    return f"{failure.plugin} could not read it ({time_text(failure.at)}): {failure.error}"
