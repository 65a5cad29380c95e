"""The databases of ``viewra db`` commands, the host's or plugins', and their schema versions."""

from __future__ import annotations

import attrs

from viewra.cli._options import Options
from viewra.db import manage
from viewra.errors import LockedError, PluginError, UsageError
from viewra.host import Host, Plugin
from viewra.host.admin.find import find_plugin
from viewra.services import TABLES
from viewra.types import PluginState, SchemaState

HOST = "host"


@attrs.frozen
class Standing:
    """A database's schema version; ``state`` is None if unknown, and ``reason`` says why."""

    owner: str
    state: SchemaState | None
    reason: str = ""

    @property
    def up_to_date(self) -> bool | None:
        """Whether it is at its newest revision; None if unknown."""
        return None if self.state is None else self.state.pending == ()

    @property
    def name(self) -> str:
        """The database's name in messages."""
        return "the host's database" if self.owner == HOST else f"the database of plugin {self.owner}"

    def data(self) -> dict[str, object]:
        """The values for JSON."""
        state = self.state
        row: dict[str, object] = {
            "owner": self.owner,
            "revision": (state.current or None) if state is not None else None,
            "head": (state.head or None) if state is not None else None,
            "up_to_date": self.up_to_date,
        }
        return {**row, "reason": self.reason} if self.reason else row


def host_standing(options: Options) -> Standing:
    """The schema version of the host's database, which is not migrated."""
    return Standing(HOST, manage.describe(options.host().database_url))


def plugin_standing(plugin: Plugin) -> Standing:
    """The schema version of a plugin's database; raises UsageError for a plugin without one."""
    database = plugin.own_database
    try:
        state = database.state()
    except PluginError as error:
        return Standing(plugin.id, None, error.message)
    return Standing(plugin.id, state, "" if state is not None else "it cannot list its revisions")


def standings(options: Options, plugin_id: str | None) -> list[Standing]:
    """The schema version of one plugin's database, or of the host's and those of all plugins that may run."""
    if plugin_id is not None:
        with options.host() as host:
            return [plugin_standing(find_plugin(host.plugins, plugin_id))]
    own = host_standing(options)
    if not own.up_to_date:  # opening a host migrates its database
        return [own]
    try:
        with options.host() as host:
            return [own, *map(plugin_standing, with_tables(host))]
    except LockedError as error:
        with options.host(exclusive=False) as host:
            return [own, *(Standing(plugin.id, None, error.message) for plugin in with_tables(host))]


def with_tables(host: Host) -> list[Plugin]:
    """The plugins that may run and have a database of their own."""
    stopped = {PluginState.INVALID, PluginState.DISABLED}
    plugins = host.plugins.values()
    return [one for one in plugins if TABLES in one.services and one.state not in stopped]


def resolve(standing: Standing, revision: str) -> str:
    """The revision for ``head``, ``base``, ``+1``, ``-1`` or an id; "" is before the first.

    Raises UsageError for an unknown revision, and for a database of a newer version.
    """
    state = standing.state
    if state is None:
        raise UsageError(f"{standing.owner} cannot list its revisions", hint="leave the revision out")
    if state.pending is None:
        raise UsageError(
            f"{standing.name} is at revision {state.current}, which this version does not know",
            hint="a newer version created it: install that version, or restore a backup",
        )
    ids = ["", *(one.id for one in state.revisions)]
    if revision in {"head", "base"}:
        return ids[-1] if revision == "head" else ""
    if revision in ids[1:]:
        return revision
    if revision[:1] in {"+", "-"} and revision[1:].isdecimal():
        wanted = ids.index(state.current) + int(revision)
        if 0 <= wanted < len(ids):
            return ids[wanted]
        if not state.current and wanted < 0:
            raise UsageError(f"{standing.name} is at no revision: there is nothing to downgrade")
    raise UsageError(
        f"{standing.name} has no revision {revision!r}; it is at {state.current or 'none'}",
        hint=f"its revisions: {', '.join(ids[1:]) or 'none'}; or head, base, +1, -1",
    )
