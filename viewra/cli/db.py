"""``viewra db current|history|check``, and the group of ``upgrade``, ``downgrade`` and ``revision``."""

from __future__ import annotations

import click

from viewra.cli import _completing
from viewra.cli._db_move import downgrade_command, upgrade_command
from viewra.cli._db_owners import HOST, Standing, host_standing, standings
from viewra.cli._db_revision import revision_command
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.db import manage

plugin_option = click.option(
    "--plugin", "plugin_id", metavar="ID", help="The database of this plugin alone.", shell_complete=_completing.plugins
)


@click.group("db")
def command() -> None:
    """Migrate and check the databases of the host and of plugins.

    They are migrated automatically at a start, with a backup before a migration that may lose data.
    """


command.add_command(upgrade_command)
command.add_command(downgrade_command)
command.add_command(revision_command)


@command.command("current")
@plugin_option
@click.option("--all", "everything", is_flag=True, help="The databases of the host and all plugins (default).")
@json_option
@click.pass_obj
def current(options: Options, plugin_id: str | None, everything: bool, as_json: bool) -> None:
    """Show the revision of each database; migrates none."""
    del everything
    rows = [standing.data() for standing in standings(options, plugin_id)]
    if as_json:
        print_json(rows)
        return
    columns = ("owner", "revision", "head", "up_to_date", "reason")
    shown = {True: "yes", False: "no", None: "?"}
    table = [[shown[row[name]] if name == "up_to_date" else row.get(name) for name in columns] for row in rows]  # type: ignore[index]
    print_table(table, ("OWNER", "REVISION", "NEWEST", "UP TO DATE", ""))


@command.command("history")
@plugin_option
@click.option("--all", "everything", is_flag=True, help="The databases of the host and all plugins.")
@json_option
@click.pass_obj
def history(options: Options, plugin_id: str | None, everything: bool, as_json: bool) -> None:
    """List the revisions of a database, by default the host's, oldest first."""
    found = standings(options, plugin_id) if everything or plugin_id is not None else [host_standing(options)]
    rows = [
        {
            "owner": standing.owner,
            "revision": one.id,
            "message": one.message,
            "additive": one.additive,
            "applied": one not in (standing.state.pending or ()),
        }
        for standing in found
        if standing.state is not None
        for one in standing.state.revisions
    ]
    if as_json:
        print_json(rows)
    elif rows:
        table = [(row["owner"], row["revision"], "yes" if row["applied"] else "no", row["message"]) for row in rows]
        print_table(table, ("OWNER", "REVISION", "APPLIED", "MESSAGE"))
    else:
        print_line("no revisions are known")


@command.command("check")
@plugin_option
@click.option("--all", "everything", is_flag=True, help="The databases of the host and all plugins (default).")
@json_option
@click.pass_obj
def check(options: Options, plugin_id: str | None, everything: bool, as_json: bool) -> None:
    """Check that each database is at its newest revision, and that the host's tables match the code.

    The exit status is 1 if one does not. A database that was not made yet is fine.
    """
    del everything
    rows = [{**one.data(), **_verdict(options, one)} for one in standings(options, plugin_id)]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        print_line(f"{row['owner']}: " + ("; ".join(row["problems"]) or str(row.get("reason") or "fine")))  # type: ignore[arg-type]
    if any(row["problems"] for row in rows):
        click.get_current_context().exit(1)


def _verdict(options: Options, standing: Standing) -> dict[str, object]:
    """The problems of a database; ``reason`` where it has none, and nothing to check either."""
    state = standing.state
    if state is None:
        return {"problems": []}
    if state.pending is None:
        return {"problems": [f"it is at revision {state.current}, unknown to this version: a newer one created it"]}
    if not state.current and state.pending:
        return {"problems": [], "reason": "it is made when it is first needed"}
    if state.pending:
        return {"problems": ["to be run: " + ", ".join(one.id for one in state.pending)]}
    return {"problems": manage.differences(options.host().database_url) if standing.owner == HOST else []}
