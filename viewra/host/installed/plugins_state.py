"""The state of all plugins as one text each: with the same one, the same plugins do the same with the same files.

It is told of the plugins' files, by name and by what their ``stat`` says, and of what the database knows of plugins, so
no manifest is evaluated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import sqlalchemy as sa

from viewra.db.tables import (
    plugin_facts,
    plugin_grants,
    plugin_pins,
    plugin_quarantines,
    plugin_services,
    plugin_settings,
    plugins,
)
from viewra.db.transactions import reading
from viewra.host.installed.code_hash import code_stamp
from viewra.host.installed.folders import folders_with_manifests, shipped_directory

if TYPE_CHECKING:  # light start: a look-up needs no manifests
    from viewra.host.installed.installation import Installation

_CHOSEN = (plugins, plugin_settings, plugin_pins, plugin_grants, plugin_quarantines)
_LEARNED = (plugin_services, plugin_facts)


class Installed(Protocol):
    """What runs a plugin of this installation."""

    @property
    def installation(self) -> Installation:
        """The plugin on disk."""


class PluginsState(NamedTuple):
    """``chosen``: what operators and authors decide; ``whole``: with what plugins reported when they ran."""

    chosen: str
    whole: str


def plugins_state(
    engine: sa.Engine, plugin_dirs: Iterable[Path], supervisors: Iterable[Installed] = ()
) -> PluginsState:
    """The state now; ``plugin_dirs`` are searched for plugins beside the shipped ones. Raises ``DatabaseError``.

    In a host with these ``supervisors``, what runs may be another version than the one on disk.
    """
    state = hashlib.sha256()
    for installation in (one.installation for one in supervisors):
        if not installation.is_on_disk():
            state.update(repr((installation.plugin_id, installation.used.code_hash)).encode())
    shipped = shipped_directory()
    for directory in (*plugin_dirs, *([shipped] if shipped is not None else [])):
        _add_files(state, directory.absolute())
    with reading(engine) as connection:
        for table in _CHOSEN:
            _add_rows(state, connection, table)
        chosen = state.hexdigest()
        for table in _LEARNED:
            _add_rows(state, connection, table)
    return PluginsState(chosen, state.hexdigest())


def _add_rows(state: Any, connection: sa.Connection, table: sa.Table) -> None:
    rows = sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
    state.update(repr((table.name, rows)).encode(errors="surrogateescape"))


def _add_files(state: Any, directory: Path) -> None:
    """Add what may decide what the plugins below a directory are: their manifests and their code."""
    for folder, manifests in folders_with_manifests(directory):
        if manifests:
            state.update(repr(code_stamp(folder)).encode(errors="surrogateescape"))
