"""Stores plugins' quarantines and services, so that they outlast the host.

Both belong to one version of the code (its hash), by plugin id and path.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping

import attrs
import sqlalchemy as sa

from viewra.db.plugin_places import is_plugin, stored_path
from viewra.db.tables import plugin_quarantines, plugin_services
from viewra.db.transactions import reading, writing


@attrs.frozen
class Quarantine:
    """Why a version of a plugin is not started any more; ``since`` in microseconds since the epoch."""

    code_hash: str
    reason: str
    since: int = 0


def read_quarantines(engine: sa.Engine) -> dict[tuple[str, str], Quarantine]:
    """``(plugin id, path)`` of each quarantined plugin → its quarantine. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(plugin_quarantines)).all()
    return {(row.plugin_id, os.fsdecode(row.path)): Quarantine(row.code_hash, row.reason, row.since) for row in rows}


def write_quarantine(engine: sa.Engine, plugin_id: str, path: str, quarantine: Quarantine | None) -> None:
    """Store a quarantine, replacing the old one; None removes it. Raises ``DatabaseError``."""
    row = None
    if quarantine is not None:
        row = attrs.asdict(attrs.evolve(quarantine, since=quarantine.since or time.time_ns() // 1000))
    _replace(engine, plugin_quarantines, plugin_id, path, row)


def read_services(engine: sa.Engine) -> dict[tuple[str, str], tuple[str, frozenset[str]]]:
    """``(plugin id, path)`` → the code hash, and the services that its process offers. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(plugin_services)).all()
    return {(row.plugin_id, os.fsdecode(row.path)): (row.code_hash, frozenset(row.services.split())) for row in rows}


def write_services(engine: sa.Engine, plugin_id: str, path: str, code_hash: str, services: Iterable[str]) -> None:
    """Store the services of this code. Raises ``DatabaseError``."""
    row = {"code_hash": code_hash, "services": " ".join(sorted(services))}
    _replace(engine, plugin_services, plugin_id, path, row)


def _replace(engine: sa.Engine, table: sa.Table, plugin_id: str, path: str, row: Mapping[str, object] | None) -> None:
    with writing(engine) as connection:
        connection.execute(sa.delete(table).where(is_plugin(table, plugin_id, path)))
        if row is not None:
            connection.execute(sa.insert(table).values(plugin_id=plugin_id, path=stored_path(path), **row))
