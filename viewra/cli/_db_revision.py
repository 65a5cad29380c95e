"""``viewra db revision``: writes the next migration of the host's tables or of a plugin's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

from viewra import drafts
from viewra.cli import _completing
from viewra.cli._options import Options
from viewra.cli._output import print_line
from viewra.db import draft
from viewra.db.migrate import migrations_directory
from viewra.errors import ManifestError, UsageError
from viewra.host import Plugin
from viewra.host.admin.find import find_plugin
from viewra.host.installed.discovery import Found, Place
from viewra.host.installed.folders import MANIFEST_NAME
from viewra.manifest import Manifest
from viewra.services import TABLES


@click.command("revision")
@click.option(
    "--plugin",
    "plugin_id",
    metavar="DIR|ID",
    help="A migration of the plugin in DIR, or of the one that is enabled under this ID.",
    shell_complete=_completing.plugins,
)
@click.option("-m", "--message", required=True, help="A description of one line.")
@click.option("--autogenerate", is_flag=True, help="Fill it with the changes that the migrations do not make yet.")
@click.pass_obj
def revision_command(options: Options, plugin_id: str | None, message: str, autogenerate: bool) -> None:
    """Write a new migration, to be completed: for developers of plugins, and of viewra in a checkout."""
    if not re.search(r"\w", message):
        raise UsageError("the message is empty", hint='-m "what it does"')
    if plugin_id is None:
        _require_checkout(migrations_directory(), "viewra")
        host = options.host()
        body = draft.missing(host.database_url) if autogenerate else drafts.EMPTY
        file = drafts.write(migrations_directory(), message, body)
    elif (Path(plugin_id) / MANIFEST_NAME).is_file():
        file = _of_directory(options, Path(plugin_id), message, autogenerate=autogenerate)
    elif autogenerate:
        with options.host() as host:
            plugin = find_plugin(host.plugins, plugin_id)
            _require_own(plugin)
            file = plugin.draft_migration(message)
    else:
        with options.host(exclusive=False) as looking:
            found = _require_own(find_plugin(looking.plugins, plugin_id))
        file = _empty(plugin_id, found.directory, found.manifest, found.errors, message)
    print_line(str(file))


def _of_directory(options: Options, directory: Path, message: str, *, autogenerate: bool) -> Path:
    """Write a migration of a plugin that need not be enabled: a host of its own runs it."""
    from viewra.authoring.targets import Target  # light start: few commands need them
    from viewra.authoring.workshop import open_workshop
    from viewra.cli._plugins_dev import throw_away

    manifest = Target(directory.resolve(), host_knows=False).manifest()
    if not autogenerate:
        return _empty(manifest.id, manifest.directory, manifest, (), message)
    with open_workshop(manifest, throw_away(options, manifest.id)) as workshop:
        return workshop.plugin.draft_migration(message)


def _empty(
    plugin_id: str, directory: Path, manifest: Manifest | None, errors: Sequence[ManifestError], message: str
) -> Path:
    """Write an empty migration; raises UsageError for a plugin without tables."""
    if manifest is None or TABLES not in manifest.capabilities:
        raise UsageError(f"plugin {plugin_id} {f'is invalid: {errors[0]}' if errors else 'has no database of its own'}")
    return drafts.write(directory / "migrations", message, drafts.EMPTY)


def _require_own(plugin: Plugin) -> Found:
    """A plugin in its developer's own directory; raises UsageError for any other."""
    found = plugin.found
    assert found is not None  # noqa: S101 - a plugin that the command line finds is in a directory
    if found.place is Place.SHIPPED:
        _require_checkout(found.directory.parent, f"plugin {plugin.id}")
    return found


def _require_checkout(directory: Path, what: str) -> None:
    """Raise UsageError for a package installed by pip: the next installation would remove the migration."""
    if not (directory.parent / "pyproject.toml").is_file():
        raise UsageError(
            f"{what} in {directory.parent} is not a checkout: the next installation would remove the migration",
            hint="write it in a checkout of viewra's repository, or name your own plugin: --plugin ID",
        )
