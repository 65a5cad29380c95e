"""Has a plugin's next migration written from its tables, in a process of its own: the host imports none of its code.

Of a plugin object in the host's own process it is written here.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection
from pathlib import Path

from viewra.errors import MigrationError, PluginFault, PluginUnavailable, UsageError
from viewra.host.database.migrations import require_valid
from viewra.host.installed.entry_point import command
from viewra.host.running.in_process import LocalPlugin
from viewra.host.running.supervisor import Supervisor
from viewra.process import plugin_environment
from viewra.types import PluginState

DRAFT_S = 120.0
"""Seconds for the plugin's imports, its migrations on an empty database, and the comparison."""


def draft(runner: Supervisor | LocalPlugin, message: str) -> Path:
    """Write it, and give the file. The database to compare with is an empty one of SQLite, or else the plugin's own.

    Raises UsageError for a plugin that it cannot be done for, MigrationError when there is nothing to write or it
    cannot be, PluginError when its code breaks down.
    """
    require_valid(runner)
    if "database_service" not in runner.services:
        raise UsageError(f"plugin {runner.plugin_id} has no database of its own")
    if isinstance(runner, LocalPlugin):
        from viewra.sdk_db.revision import draft as written  # it brings Alembic along

        service = runner.plugin.database_service()
        return written(service, message, _compared(runner, getattr(service, "engines", ("sqlite",))))
    return _in_a_process(runner, message)


def _in_a_process(supervisor: Supervisor, message: str) -> Path:
    plugin_id, manifest = supervisor.plugin_id, supervisor.found.manifest
    if manifest is None or supervisor.state is PluginState.DISABLED:
        raise PluginUnavailable(
            plugin_id,
            f"is {supervisor.state}: {supervisor.reason}; its code is run to see its tables",
            hint=f"viewra plugins enable {plugin_id}",
        )
    if supervisor.pins is not None and supervisor.pins.of(supervisor.found) is not None:
        raise UsageError(
            f"plugin {plugin_id} is pinned to the code that it has, and a migration is code",
            hint=f"viewra plugins unpin {plugin_id}",
        )
    interpreter, *entry = command(manifest)
    if not entry:
        raise UsageError(
            f"plugin {plugin_id} is no Python program: its tables cannot be seen",
            hint="leave --autogenerate out and write the migration yourself",
        )
    reader, writer = os.pipe()
    try:
        argv = [interpreter, "-m", "viewra.sdk_db.revision", *entry, message]
        with os.fdopen(reader, "rb") as answer:
            try:
                done = subprocess.run(
                    [*argv, str(writer)],
                    cwd=supervisor.found.directory,
                    env=plugin_environment({}),
                    pass_fds=(writer,),
                    input=_compared(supervisor, manifest.database_engines).encode(),  # there is a password in it
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    timeout=DRAFT_S,
                    check=False,
                )
            finally:
                os.close(writer)
            said = answer.read().decode("utf-8", "surrogateescape")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PluginFault(plugin_id, f"its tables could not be seen: {error}") from error
    if not said:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise PluginFault(plugin_id, f"its tables could not be seen: {last or f'exit status {done.returncode}'}")
    if said.startswith("!"):
        what, _, hint = said[1:].partition("\0")
        raise MigrationError(f"plugin {plugin_id}: {what}", hint=hint.replace("ID", plugin_id) or None)
    return Path(said)


def _compared(runner: Supervisor | LocalPlugin, engines: Collection[str]) -> str:
    """What its tables are compared with: "" for an empty database of SQLite, wherever its migrations run on one."""
    return "" if "sqlite" in engines else runner.own_database.url
