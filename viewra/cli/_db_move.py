"""``viewra db upgrade|downgrade``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import attrs
import click

from viewra.cli import _completing
from viewra.cli._db_owners import HOST, Standing, host_standing, plugin_standing, resolve, with_tables
from viewra.cli._options import Options
from viewra.cli._output import confirm, json_option, print_json, print_line, print_lines
from viewra.db import manage
from viewra.errors import UsageError
from viewra.host import Host, Plugin
from viewra.host.admin.find import find_plugin
from viewra.host.installed.data_dir import make_private
from viewra.host.installed.lock import DataLock

F = TypeVar("F", bound=Callable[..., Any])


@attrs.frozen
class How:
    """The direction in which databases are migrated, and the options."""

    down: bool
    dry_run: bool
    yes: bool


def _move_options(function: F) -> F:
    for option in (
        json_option,
        click.option("--yes", is_flag=True, help="Do not ask for a backup of PostgreSQL, which viewra does not make."),
        click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing."),
        click.option(
            "--sql", "as_sql", is_flag=True, help="Print the SQL instead of running it (host's database only)."
        ),
        click.option("--all", "everything", is_flag=True, help="The databases of the host and of all plugins."),
        click.option(
            "--plugin",
            "plugin_id",
            metavar="ID",
            help="The database of this plugin instead of the host's.",
            shell_complete=_completing.plugins,
        ),
    ):
        function = option(function)
    return function


@click.command("upgrade")
@click.argument("revision", default="head")
@_move_options
@click.pass_obj
def upgrade_command(options: Options, /, revision: str, **how: Any) -> None:
    """Upgrade databases to REVISION, by default the newest.

    Plugins upgrade their own databases, always to the newest revision: at each start, or here.
    """
    _run(options, revision, down=False, **how)


@click.command("downgrade", context_settings={"ignore_unknown_options": True})
@click.argument("revision", default="-1")
@_move_options
@click.pass_obj
def downgrade_command(options: Options, /, revision: str, **how: Any) -> None:
    """Downgrade databases to REVISION, by default the previous one; "base" is before the first.

    A SQLite database is backed up first; for PostgreSQL you are asked whether you have a backup. The next start of
    viewra or of the plugin would upgrade the database again: install the older version before that. A plugin downgrades
    its own database, one revision at a time.
    """
    _run(options, revision, down=True, **how)


def _run(
    options: Options,
    revision: str,
    *,
    down: bool,
    plugin_id: str | None,
    everything: bool,
    as_sql: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    if plugin_id is not None and everything:
        raise UsageError("--plugin and --all exclude each other")
    if as_sql:
        if plugin_id is not None or everything:
            raise UsageError(
                "--sql is for the host's database: a plugin's migrations run in the plugin's own process",
                hint="--dry-run lists the migrations that would run",
            )
        _print_sql(options, revision, down=down)
        return
    how = How(down, dry_run, yes)
    done = [] if plugin_id is not None else [_move_host(options, revision, how)]
    if plugin_id is not None or everything:
        with options.host() as host:
            done += [_move_plugin(one, revision, how) for one in _chosen(host, plugin_id)]
    if as_json:
        print_json(done)
    for row in () if as_json else done:
        if row["revisions"] == []:
            print_line(f"{row['owner']}: nothing to do, it is at {row['to'] or 'nothing'}")
        else:
            steps = "" if row["revisions"] is None else f" ({', '.join(row['revisions'])})"
            verb = "would go" if dry_run else "went"
            print_line(f"{row['owner']}: {verb} from {row['from'] or 'nothing'} to {row['to'] or 'nothing'}{steps}")


def _chosen(host: Host, plugin_id: str | None) -> list[Plugin]:
    return [find_plugin(host.plugins, plugin_id)] if plugin_id is not None else with_tables(host)


def _print_sql(options: Options, revision: str, *, down: bool) -> None:
    standing = host_standing(options)
    target = resolve(standing, revision)
    if not _way(standing, target, down=down):
        print_line(f"-- nothing to do: {standing.name} is at {target or 'no revision'}")
        return
    current = standing.state.current if standing.state is not None else ""
    print_lines(manage.script(options.host().database_url, current, target, down=down))


def _move_host(options: Options, revision: str, how: How) -> dict[str, Any]:
    host = options.host()
    make_private(host.data_dir)
    with DataLock(host.data_dir):
        standing = host_standing(options)
        target = resolve(standing, revision)
        way = _way(standing, target, down=how.down)
        if way and not how.dry_run:
            if not manage.is_copied(host.database_url):
                _confirm(standing, way, how)
            move = manage.downgrade_to if how.down else manage.upgrade_to
            move(host.database_url, target, host.data_dir / "backups" / "host")
    return _done(standing, target, way, dry_run=how.dry_run)


def _move_plugin(plugin: Plugin, revision: str, how: How) -> dict[str, Any]:
    database = plugin.own_database
    standing = plugin_standing(plugin)
    if standing.state is None:
        if revision != ("-1" if how.down else "head"):
            resolve(standing, revision)
        target, way = None, None
    else:
        target = resolve(standing, revision)
        way = _way(standing, target, down=how.down)
        if not how.down and target != standing.state.head:
            raise UsageError(
                f"plugin {plugin.id} can upgrade its database only to its newest revision", hint="write head"
            )
    if way != [] and not how.dry_run:
        if not database.is_copied:
            _confirm(standing, way, how)
        if how.down:
            database.downgrade(target)
        else:
            database.upgrade()
    return _done(standing, target, way, dry_run=how.dry_run)


def _confirm(standing: Standing, way: list[str] | None, how: How) -> None:
    """Ask the operator for a backup if viewra makes none; raises UsageError without a terminal.

    Additions, and changes of an empty database, need no backup.
    """
    state = standing.state
    if state is not None and way is not None and not how.down:
        adds = all(one.additive for one in state.revisions if one.id in way)
        if adds or not state.current:
            return
    if how.yes:
        return
    what = (
        f"the migration of {standing.name} may lose data, and viewra does not back up PostgreSQL: "
        "make a backup with pg_dump"
    )
    if not sys.stdin.isatty():
        raise UsageError(what, hint="then pass --yes")
    print_line(what, err=True)
    if not confirm("Go on?"):
        raise click.Abort


def _way(standing: Standing, target: str, *, down: bool) -> list[str]:
    """The revisions on the way, in order; raises UsageError if the target is in the other direction."""
    state = standing.state
    assert state is not None  # noqa: S101 - resolve() refuses that
    way = state.above(target) if down else state.upto(target)
    if way is None:
        other = "upgrade" if down else "downgrade"
        side = "above" if down else "below"
        name = target or "base"
        at = state.current or "no revision"
        plugin = "" if standing.owner == HOST else f" --plugin {standing.owner}"
        raise UsageError(
            f"revision {name} is {side} {standing.name}, which is at {at}", hint=f"viewra db {other} {name}{plugin}"
        )
    return [one.id for one in (reversed(way) if down else way)]


def _done(standing: Standing, target: str | None, way: list[str] | None, *, dry_run: bool) -> dict[str, Any]:
    current = standing.state.current if standing.state is not None else None
    known = {"owner": standing.owner, "from": current or None, "to": target or None, "revisions": way}
    return {**known, "dry_run": dry_run}
