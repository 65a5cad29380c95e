"""``viewra plugins events ID``: a listener's pending notifications, and those that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import click

from viewra import library
from viewra.cli import _completing
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.errors import UsageError
from viewra.library.exporting import time_text
from viewra.types import PluginState

if TYPE_CHECKING:  # asking a running host must not import one
    from viewra.host import Host
    from viewra.library import ListenerState


@click.command("events")
@click.argument("plugin_id", metavar="ID", shell_complete=_completing.plugins)
@click.option("--retry", is_flag=True, help="Deliver the set-aside notifications again with the next scan.")
@click.option("--drop", is_flag=True, help="Forget the set-aside notifications.")
@json_option
@click.pass_obj
def events_command(options: Options, plugin_id: str, retry: bool, drop: bool, as_json: bool) -> None:
    """Show a plugin's pending notifications of scans, and those that it failed to accept.

    A notification that fails is tried five times, with pauses that double, and then set aside; the plugin gets the next
    one.
    """
    if retry and drop:
        raise UsageError("--retry and --drop exclude each other")
    with options.host(exclusive=False) as host:
        state = library.listener_state(host.engine, plugin_id)
        change = library.retry_set_aside if retry else library.drop_set_aside
        if retry or drop:
            count = change(host.engine, plugin_id)
            state = library.listener_state(host.engine, plugin_id)
    if as_json:
        set_aside = [{**attrs.asdict(one), "at": time_text(one.at)} for one in state.set_aside]
        print_json({**attrs.asdict(state), "set_aside": set_aside})
        return
    if retry or drop:
        print_line(f"{count} notifications are {'delivered again with the next scan' if retry else 'forgotten'}")
    _print(state)


def _print(state: ListenerState) -> None:
    where = "" if state.installed else "; its plugin is not installed, so no notifications are kept for it"
    print_line(f"{state.plugin_id}: {state.pending:,} notifications wait{where}")
    if state.attempts:
        print_line(f"the next one failed {state.attempts} times and is tried again: {state.error}")
    if state.set_aside:
        print_line(f"{len(state.set_aside):,} could not be delivered and are set aside:")
        rows = [(time_text(one.at), one.scan_job_id, one.kind, one.path, one.error) for one in state.set_aside]
        print_table(rows, ("WHEN", "SCAN", "WHAT", "PATH", "ERROR"))
        print_line(f"viewra plugins events {state.plugin_id} --retry, or --drop")


def notes(host: Host, pending: dict[str, int]) -> list[str]:
    """The lines after a scan about notifications that listeners did not get, one each."""
    lines = []
    for plugin_id, count in pending.items():
        state = host.plugins[plugin_id].state if plugin_id in host.plugins else None
        when = "they are delivered at the next scan, or with --wait"
        if state in {PluginState.DISABLED, PluginState.QUARANTINED, PluginState.INVALID}:
            when = f"it is {state}, and gets them when it runs again"
        lines.append(f"{plugin_id} has {count:,} notifications pending: {when}")
    for plugin_id, count in library.set_aside_counts(host.engine).items():
        lines.append(f"{plugin_id} failed to accept {count:,} notifications: viewra plugins events {plugin_id}")
    return lines
