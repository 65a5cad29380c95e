"""Stores plugins' permissions by id and path, and the user id of each plugin for hosts that run as root."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable

import attrs
import sqlalchemy as sa

from viewra.db.plugin_places import is_named_plugin, is_plugin, named, stored_path
from viewra.db.tables import plugin_grants, plugin_users
from viewra.db.transactions import reading, writing


@attrs.frozen
class AskedScope:
    """To what a manifest narrowed a permission when the operator decided; empty: not narrowed."""

    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


@attrs.frozen
class StoredGrant:
    """Whether the plugin is allowed, and below which paths and to which hosts only; empty: all that it asks for.

    ``asked`` is None for a decision of an older version of viewra, which did not store it.
    """

    granted: bool
    paths: tuple[str, ...] = ()
    asked: AskedScope | None = None
    hosts: tuple[str, ...] = ()


def read_grants(engine: sa.Engine, plugin_id: str, path: str) -> dict[tuple[str, str], StoredGrant]:
    """``(resource, action)`` → the operator's decision for the plugin at ``path``. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        return grants_in(connection, plugin_id, path)


def grants_in(connection: sa.Connection, plugin_id: str, path: str) -> dict[tuple[str, str], StoredGrant]:
    """``read_grants`` within a transaction."""
    rows = connection.execute(_wanted(), named(plugin_id, path)).all()
    if not rows:  # as for most plugins
        return {}
    return {(row.resource, row.action): StoredGrant(bool(row.granted), *_scopes(row.paths)) for row in rows}


@functools.cache  # making it takes longer than executing it, and each start and each scan reads grants
def _wanted() -> sa.Select[str, str, bool, str]:
    columns = plugin_grants.c
    wanted = sa.select(columns.resource, columns.action, columns.granted, columns.paths)
    return wanted.where(is_named_plugin(plugin_grants))


def write_grant(engine: sa.Engine, plugin_id: str, path: str, resource: str, action: str, grant: StoredGrant) -> None:
    """Store a decision, replacing the old one. Raises ``DatabaseError``."""
    columns = plugin_grants.c
    same = sa.and_(is_plugin(plugin_grants, plugin_id, path), columns.resource == resource, columns.action == action)
    with writing(engine) as connection:
        connection.execute(sa.delete(plugin_grants).where(same))
        row = {"plugin_id": plugin_id, "path": stored_path(path), "resource": resource, "action": action}
        values = {"granted": grant.granted, "paths": _text(grant.paths, grant.asked, grant.hosts)}
        connection.execute(sa.insert(plugin_grants).values({**row, **values}))


def move_grants(connection: sa.Connection, moved: Callable[[str], str | None]) -> None:
    """Change the paths of all grants; ``moved`` returns the new path, None for a path that stays."""
    table = plugin_grants.c
    for row in connection.execute(sa.select(table.plugin_id, table.path, table.resource, table.action, table.paths)):
        paths, asked, hosts = _scopes(row.paths)
        new = tuple(moved(path) or path for path in paths)
        if new != paths:
            this = [table[name] == getattr(row, name) for name in ("plugin_id", "path", "resource", "action")]
            connection.execute(sa.update(plugin_grants).where(*this).values(paths=_text(new, asked, hosts)))


def _scopes(text: str) -> tuple[tuple[str, ...], AskedScope | None, tuple[str, ...]]:
    stored = json.loads(text)
    if isinstance(stored, list):
        return tuple(stored), None, ()
    asked = {name: tuple(values) for name, values in stored["asked"].items()}
    return tuple(stored["paths"]), AskedScope(**asked), tuple(stored.get("hosts", ()))


def _text(paths: tuple[str, ...], asked: AskedScope | None, hosts: tuple[str, ...]) -> str:
    if asked is None:
        return json.dumps(paths)
    return json.dumps({"paths": paths, "asked": attrs.asdict(asked), **({"hosts": hosts} if hosts else {})})


def read_users(engine: sa.Engine) -> dict[str, int]:
    """The user id of each plugin that has one. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        return _users(connection)


def user_of(engine: sa.Engine, plugin_id: str, first: int, count: int, wanted: int) -> int | None:
    """The plugin's user id in this database: assigned once, one of ``count`` ids from ``first`` on.

    It is ``wanted`` if free, else the next free id; None if all are taken. Raises ``DatabaseError``.
    """
    known = read_users(engine)  # a start need not wait for who writes
    if plugin_id in known:
        return known[plugin_id]
    with writing(engine) as connection:
        known = _users(connection)
        if plugin_id in known:
            return known[plugin_id]
        taken = set(known.values())
        for step in range(count):
            uid = first + (wanted - first + step) % count
            if uid not in taken:
                connection.execute(sa.insert(plugin_users).values(plugin_id=plugin_id, uid=uid))
                return uid
    return None


def _users(connection: sa.Connection) -> dict[str, int]:
    rows = connection.execute(sa.select(plugin_users.c.plugin_id, plugin_users.c.uid)).all()
    return {row.plugin_id: int(row.uid) for row in rows}
