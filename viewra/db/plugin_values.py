"""Stores values of plugins by key, each with a version and, if it expires, a time. Keys are in UTF-8."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from viewra.db.hosted_tables import plugin_values as table
from viewra.db.transactions import reading, writing


@attrs.frozen
class KeptValue:
    """A value; ``expires_at`` in microseconds since the epoch, None: never."""

    data: bytes
    is_json: bool
    version: int
    expires_at: int | None = None


def read_value(engine: sa.Engine, plugin_id: str, key: bytes, now: int) -> KeptValue | None:
    """The value of a key at the time ``now``; None if there is none. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        row = connection.execute(_READ, {"plugin": plugin_id, "name": key, "now": now}).one_or_none()
    return KeptValue(bytes(row[0]), row[1], row[2], row[3]) if row is not None else None


def write_value(
    engine: sa.Engine, plugin_id: str, key: bytes, value: KeptValue, now: int, if_version: int | None
) -> bool:
    """Store a value, with ``if_version`` only if the key has this version (0: none). Returns whether it did.

    Raises ``DatabaseError``. Of two calls for one plugin at the same time one must wait for the other.
    """
    with writing(engine) as connection:
        if if_version is not None and if_version != _version(connection, plugin_id, key, now):
            return False
        connection.execute(sa.delete(table).where(_is(plugin_id, key)))
        row = {"value": value.data, "is_json": value.is_json, "version": value.version, "expires_at": value.expires_at}
        connection.execute(sa.insert(table).values(plugin_id=plugin_id, key=key, **row))
    return True


def delete_value(engine: sa.Engine, plugin_id: str, key: bytes, now: int, if_version: int | None) -> bool:
    """Delete a key, as ``write_value`` stores one. Returns whether it was there and is deleted."""
    with writing(engine) as connection:
        version = _version(connection, plugin_id, key, now)
        if version == 0 or if_version not in (None, version):
            return False
        connection.execute(sa.delete(table).where(_is(plugin_id, key)))
    return True


def list_keys(engine: sa.Engine, plugin_id: str, prefix: bytes, after: bytes, limit: int, now: int) -> list[bytes]:
    """The first keys that begin with ``prefix`` and come behind ``after``, in order. Raises ``DatabaseError``."""
    wanted = [table.c.plugin_id == plugin_id, _lives(now)]
    if after >= prefix:
        wanted.append(table.c.key > after)
    else:
        wanted.append(table.c.key >= prefix)
    if (end := _end(prefix)) is not None:
        wanted.append(table.c.key < end)
    query = sa.select(table.c.key).where(*wanted).order_by(table.c.key).limit(limit)
    with reading(engine) as connection:
        return [bytes(key) for key in connection.scalars(query)]


def usage(engine: sa.Engine, plugin_id: str) -> tuple[int, int]:
    """How many keys a plugin has, and the bytes of all keys and values. Raises ``DatabaseError``."""
    sizes = sa.func.length(table.c.key) + sa.func.length(table.c.value)
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sizes), 0)).where(table.c.plugin_id == plugin_id)
    with reading(engine) as connection:
        keys, size = connection.execute(query).one()
    return int(keys), int(size)


def drop_expired(engine: sa.Engine, plugin_id: str, now: int) -> None:
    """Delete what has expired. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        connection.execute(sa.delete(table).where(table.c.plugin_id == plugin_id, table.c.expires_at <= now))


def forget_values(engine: sa.Engine, plugin_id: str) -> None:
    """Delete all of a plugin's values. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        connection.execute(sa.delete(table).where(table.c.plugin_id == plugin_id))


def _is(plugin_id: str, key: bytes) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.plugin_id == plugin_id, table.c.key == key)


def _lives(now: int | sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    return sa.or_(table.c.expires_at.is_(None), table.c.expires_at > now)


def _version(connection: sa.Connection, plugin_id: str, key: bytes, now: int) -> int:
    query = sa.select(table.c.version).where(_is(plugin_id, key), _lives(now))
    return int(connection.scalar(query) or 0)


def _end(prefix: bytes) -> bytes | None:
    """The first byte string behind all that begin with ``prefix``; None if there is none."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else None


_READ = sa.select(table.c.value, table.c.is_json, table.c.version, table.c.expires_at).where(
    table.c.plugin_id == sa.bindparam("plugin"),
    table.c.key == sa.bindparam("name"),
    _lives(sa.bindparam("now", type_=sa.BigInteger)),
)
"""Built once: it is asked for most often."""
