"""Writes a plugin's next migration from its tables, in a separate process: the host imports no code of plugins."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection
from pathlib import Path

from viewra.errors import MigrationError, PluginFault, UsageError
from viewra.host.database.own import OwnDatabase
from viewra.host.installed.code import Code
from viewra.host.installed.entry_point import command
from viewra.process import plugin_environment

DRAFT_S = 120.0
"""Seconds for the plugin's imports, its migrations on an empty database, and the comparison."""


def draft_in_a_process(code: Code, own: OwnDatabase, message: str, *, pinned: bool) -> Path:
    """Write the migration and return its file. It is compared with an empty SQLite database, or else the plugin's own.

    Raises UsageError for an unsuitable plugin, MigrationError if there is nothing to write or writing fails,
    PluginError if the plugin's code fails.
    """
    plugin_id = code.found.plugin_id
    manifest = code.manifest
    if "database_service" not in manifest.capabilities:
        raise UsageError(f"plugin {plugin_id} has no database of its own")
    if pinned:
        raise UsageError(
            f"plugin {plugin_id} is pinned to its present code, and a migration is code",
            hint=f"viewra plugins unpin {plugin_id}",
        )
    interpreter, *entry = command(manifest)
    if not entry:
        raise UsageError(
            f"plugin {plugin_id} is not a Python program: its tables cannot be read",
            hint="leave --autogenerate out and write the migration yourself",
        )
    reader, writer = os.pipe()
    try:
        argv = [interpreter, "-m", "viewra.sdk_db.revision", *entry, message]
        with os.fdopen(reader, "rb") as answer:
            try:
                done = subprocess.run(
                    [*argv, str(writer)],
                    cwd=code.found.directory,
                    env=plugin_environment({}),
                    pass_fds=(writer,),
                    input=compared_with(own, manifest.database_engines).encode(),  # the URL contains a password
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    timeout=DRAFT_S,
                    check=False,
                )
            finally:
                os.close(writer)
            said = answer.read().decode("utf-8", "surrogateescape")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PluginFault(plugin_id, f"its tables could not be read: {error}") from error
    if not said:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise PluginFault(plugin_id, f"its tables could not be read: {last or f'exit status {done.returncode}'}")
    if said.startswith("!"):
        what, _, hint = said[1:].partition("\0")
        raise MigrationError(f"plugin {plugin_id}: {what}", hint=hint.replace("ID", plugin_id) or None)
    return Path(said)


def compared_with(own: OwnDatabase, engines: Collection[str]) -> str:
    """The URL of the database for the comparison: "" for an empty SQLite database, if the migrations run on one."""
    return "" if "sqlite" in engines else own.url
