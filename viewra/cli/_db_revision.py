"""``viewra db revision``: writes the next migration, of the host's tables or of a plugin's."""

from __future__ import annotations

import re
from pathlib import Path

import click

from viewra import drafts
from viewra.cli._options import Options
from viewra.cli._output import print_line
from viewra.db import draft
from viewra.db.migrate import migrations_directory
from viewra.errors import UsageError
from viewra.host.admin.find import find_plugin


@click.command("revision")
@click.option("--plugin", "plugin_id", metavar="ID", help="For this plugin, in its own directory.")
@click.option("-m", "--message", required=True, help="What it does, in a line.")
@click.option("--autogenerate", is_flag=True, help="Fill it with what the migrations do not make yet.")
@click.pass_obj
def revision_command(options: Options, plugin_id: str | None, message: str, autogenerate: bool) -> None:
    """Write a new migration, to be filled in: for whoever works on viewra or on a plugin."""
    if not re.search(r"\w", message):
        raise UsageError("the message says nothing", hint='-m "what it does"')
    if plugin_id is None:
        host = options.host()
        body = draft.missing(host.database_url) if autogenerate else drafts.EMPTY
        file = drafts.write(migrations_directory(), message, body)
    elif autogenerate:
        with options.host() as host:
            file = find_plugin(host.plugins, plugin_id).draft_migration(message)
    else:
        with options.host(exclusive=False) as looking:
            directory = find_plugin(looking.plugins, plugin_id).path
        assert directory is not None  # noqa: S101 - a plugin that the command line finds is in a directory
        file = drafts.write(Path(directory) / "migrations", message, drafts.EMPTY)
    print_line(str(file))
