"""Writes a plugin's next migration from its tables, in a separate process: the host imports no code of plugins."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

import attrs

from viewra.errors import HandshakeError, MigrationError, PluginFault, UsageError
from viewra.host.database.own import OwnDatabase
from viewra.host.installed.code import Code
from viewra.host.installed.entry_point import command
from viewra.host.logs.log import readable
from viewra.process import Launcher, LaunchPlan, RuntimeDir, plugin_environment
from viewra.process.launcher import FAILED
from viewra.process.sandbox.confinement import Confinement
from viewra.services import TABLES

DRAFT_S = 120.0
"""Seconds for the plugin's imports, its migrations on an empty database, and the comparison."""
_LONGEST = 1 << 20
_DATABASE = "VIEWRA_DRAFT_DATABASE"


class Confining(Protocol):
    """What confines a process, as ``viewra.host.running.confining.Sandbox``."""

    def confinement(self, socket_dir: Path) -> Confinement | None:
        """What the launcher applies."""
        ...

    def environment(self, socket_dir: Path) -> dict[str, str]:
        """What differs in its environment."""
        ...


@attrs.frozen
class Workshop:
    """Where such a process is started, what confines it, and the interpreter that the host built for it, if any."""

    launcher: Launcher
    runtime_dir: RuntimeDir
    private_dir: Path
    sandbox: Confining
    python: Path | None = None


def draft_in_a_process(code: Code, own: OwnDatabase, message: str, workshop: Workshop, *, pinned: bool) -> Path:
    """Write the migration and return its file. It is compared with an empty SQLite database, or else the plugin's own.

    The process has the plugin's rights, which do not include writing its own code: it reports the migration, and the
    host writes it. Raises UsageError for an unsuitable plugin, MigrationError if there is nothing to write or writing
    fails, PluginError if the plugin's code fails.
    """
    plugin_id = code.found.plugin_id
    manifest = code.manifest
    if TABLES not in manifest.capabilities:
        raise UsageError(f"plugin {plugin_id} has no database of its own")
    if pinned:
        raise UsageError(
            f"plugin {plugin_id} is pinned to its present code, and a migration is code",
            hint=f"viewra plugins unpin {plugin_id}",
        )
    interpreter, *entry = command(manifest, workshop.python)
    if not entry:
        raise UsageError(
            f"plugin {plugin_id} is not a Python program: its tables cannot be read",
            hint="leave --autogenerate out and write the migration yourself",
        )
    socket_dir = workshop.runtime_dir.new_socket_dir()
    try:
        result = socket_dir / "draft"
        workshop.private_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        url = compared_with(own, manifest.database_engines)  # there is a password in it: it is in no command line
        plan = LaunchPlan(
            (interpreter, "-m", "viewra.sdk_db.revision", *entry, str(result)),
            plugin_environment({_DATABASE: url, **workshop.sandbox.environment(socket_dir)}),
            code.found.directory,
            confinement=workshop.sandbox.confinement(socket_dir),
        )
        _run(plugin_id, plan, workshop.launcher)
        folder, body = _answer(plugin_id, result)
    except OSError as error:
        raise PluginFault(plugin_id, f"its tables could not be seen: {error}") from error
    finally:
        workshop.runtime_dir.discard(socket_dir)
    if not Path(folder).resolve().is_relative_to(code.found.directory.resolve()):
        raise PluginFault(plugin_id, f"its migrations are not in its own folder, but in {readable(folder)}")
    from viewra import drafts  # it imports Alembic

    return drafts.write(Path(folder), message, drafts.Body(*body))


def _run(plugin_id: str, plan: LaunchPlan, launcher: Launcher) -> None:
    """Run it to its end; raises PluginFault when it ends otherwise than it should."""
    try:
        process = launcher.launch(plan, on_line=lambda *_: None)
        try:
            status = process.wait(DRAFT_S)
        finally:
            process.kill()
        if status is None:
            raise PluginFault(plugin_id, f"its tables could not be seen within {DRAFT_S:g} s")
        if status == FAILED:
            process.handshake_line(0.0)  # says why it was not started
        if status != 0:
            last = process.output.last("stderr")
            said = readable(last[-1]) if last else process.describe_exit()
            raise PluginFault(plugin_id, f"its tables could not be seen: {said}")
    except HandshakeError as error:
        raise PluginFault(plugin_id, f"its tables could not be seen: {error.message}") from error


def _answer(plugin_id: str, result: Path) -> tuple[str, tuple[str, str]]:
    """What the process has left; raises MigrationError for what it says, PluginFault for what makes no sense."""
    try:
        with open(os.open(result, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            said = json.loads(file.read(_LONGEST))
        if "error" in said:
            hint = str(said["hint"]).replace("ID", plugin_id)
            raise MigrationError(f"plugin {plugin_id}: {readable(str(said['error']))}", hint=readable(hint) or None)
        texts = [said[name] for name in ("folder", "upgrade", "downgrade")]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("it is no text")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PluginFault(plugin_id, f"its tables could not be seen: its answer makes no sense: {error}") from error
    return texts[0], (texts[1], texts[2])


def compared_with(own: OwnDatabase, engines: Collection[str]) -> str:
    """The URL of the database for the comparison: "" for an empty SQLite database, if the migrations run on one."""
    return "" if "sqlite" in engines else own.url
