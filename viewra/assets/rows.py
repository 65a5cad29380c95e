"""The rows of assets: which there are, which plugin uses them, and what they are linked with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from viewra.db.asset_tables import asset_links, asset_uses, assets
from viewra.types import Asset, AssetLink

TARGETS = ("media_file_id", "album_id", "artist_id")
Target = Mapping[str, int]
"""What a link belongs to: one of ``TARGETS`` with an id."""


def find(connection: sa.Connection, store: str, digest: str, *, lock: bool = False) -> Asset | None:
    """The asset with this hash; ``lock``: nobody changes it until the end of the transaction."""
    query = sa.select(assets).where(assets.c.store == store, assets.c.hash == digest)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _asset(row) if row is not None else None


def find_number(connection: sa.Connection, store: str, number: int) -> Asset | None:
    """The asset with this number."""
    query = sa.select(assets).where(assets.c.store == store, assets.c.id == number)
    row = connection.execute(query).one_or_none()
    return _asset(row) if row is not None else None


def insert(connection: sa.Connection, store: str, digest: str, media_type: str, size: int, now: int) -> Asset:
    """Add a row; returns the asset."""
    values = {"store": store, "hash": digest, "media_type": media_type, "size": size, "added_at": now}
    number = connection.execute(sa.insert(assets).values(values).returning(assets.c.id)).scalar_one()
    return Asset(digest, media_type, size, now, number)


def use(connection: sa.Connection, plugin_id: str, number: int, now: int, *, kept: bool) -> None:
    """Note that a plugin uses an asset; one that it kept stays kept."""
    this = sa.and_(asset_uses.c.plugin_id == plugin_id, asset_uses.c.asset_id == number)
    values: dict[str, object] = {"since": now, **({"kept": True} if kept else {})}
    if not connection.execute(sa.update(asset_uses).where(this).values(values)).rowcount:
        connection.execute(sa.insert(asset_uses).values(plugin_id=plugin_id, asset_id=number, since=now, kept=kept))


def used_by(connection: sa.Connection, store: str, plugin_id: str, digest: str) -> Asset | None:
    """The asset with this hash, if the plugin uses it."""
    query = sa.select(assets).join(asset_uses).where(assets.c.store == store, assets.c.hash == digest)
    row = connection.execute(query.where(asset_uses.c.plugin_id == plugin_id)).one_or_none()
    return _asset(row) if row is not None else None


def usage(connection: sa.Connection, store: str, plugin_id: str) -> tuple[int, int]:
    """How many assets a plugin uses, and their bytes."""
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(assets.c.size), 0)).select_from(asset_uses)
    query = query.join(assets).where(asset_uses.c.plugin_id == plugin_id, assets.c.store == store)
    row = connection.execute(query).one()
    return row[0], int(row[1])


def page(connection: sa.Connection, store: str, plugin_id: str | None, after: int, limit: int) -> list[Asset]:
    """Assets by their numbers, of one plugin or of all."""
    query = sa.select(assets).where(assets.c.store == store, assets.c.id > after)
    if plugin_id is not None:
        used = sa.select(asset_uses.c.asset_id).where(asset_uses.c.plugin_id == plugin_id)
        query = query.where(assets.c.id.in_(used))
    return [_asset(row) for row in connection.execute(query.order_by(assets.c.id).limit(limit))]


def links(
    connection: sa.Connection,
    store: str,
    *,
    target: Target | None = None,
    number: int | None = None,
    plugin_id: str | None = None,
) -> list[AssetLink]:
    """Links, in the order in which they were made: of a file, album or artist, of an asset, of a plugin."""
    query = sa.select(
        assets, *(asset_links.c[name] for name in ("kind", "plugin_id", *TARGETS, "source_url", "metadata"))
    )
    query = query.join(asset_links, asset_links.c.asset_id == assets.c.id).where(assets.c.store == store)
    for name, value in (target or {}).items():
        query = query.where(asset_links.c[name] == value)
    if number is not None:
        query = query.where(assets.c.id == number)
    if plugin_id is not None:
        query = query.where(asset_links.c.plugin_id == plugin_id)
    rows = connection.execute(query.order_by(asset_links.c.id)).all()
    return [
        AssetLink(_asset(row), row.kind, row.plugin_id, *ids, row.source_url, json.loads(row.metadata or "{}"))
        for row in rows
        for ids in ((row.media_file_id, row.album_id, row.artist_id),)
    ]


def link(
    connection: sa.Connection,
    plugin_id: str,
    number: int,
    kind: str,
    target: Target,
    source_url: str,
    metadata: Mapping[str, str],
) -> None:
    """Link an asset, in place of a link that is there already."""
    unlink(connection, plugin_id, number, kind, target)
    said = {"source_url": source_url, "metadata": json.dumps(dict(metadata)) if metadata else ""}
    values = {"asset_id": number, "plugin_id": plugin_id, "kind": kind, **said, **target}
    connection.execute(sa.insert(asset_links).values(values))


def unlink(
    connection: sa.Connection, plugin_id: str, number: int | None, kind: str | None, target: Target | None
) -> int:
    """Remove a plugin's links: of one asset, kind and target, or of all; returns how many."""
    removed = sa.delete(asset_links).where(asset_links.c.plugin_id == plugin_id)
    if number is not None:
        removed = removed.where(asset_links.c.asset_id == number)
    if kind is not None:
        removed = removed.where(asset_links.c.kind == kind)
    for name, value in (target or {}).items():
        removed = removed.where(asset_links.c[name] == value)
    return connection.execute(removed).rowcount


def stop_using(connection: sa.Connection, plugin_id: str, number: int | None = None) -> int:
    """Remove a plugin's use and links of one asset, or of all; returns of how many."""
    unlink(connection, plugin_id, number, None, None)
    ended = sa.delete(asset_uses).where(asset_uses.c.plugin_id == plugin_id)
    if number is not None:
        ended = ended.where(asset_uses.c.asset_id == number)
    return connection.execute(ended).rowcount


def users(connection: sa.Connection, number: int) -> list[str]:
    """The plugins that use an asset."""
    query = sa.select(asset_uses.c.plugin_id).where(asset_uses.c.asset_id == number).order_by(asset_uses.c.plugin_id)
    return list(connection.execute(query).scalars())


def beginning(connection: sa.Connection, store: str, digits: str) -> list[str]:
    """At most two ids of assets that begin so."""
    query = sa.select(assets.c.hash).where(assets.c.store == store, assets.c.hash.startswith(digits, autoescape=True))
    return list(connection.execute(query.order_by(assets.c.hash).limit(2)).scalars())


def has_any(connection: sa.Connection, plugin_id: str) -> bool:
    """Whether a plugin uses any asset."""
    this = asset_uses.c.plugin_id == plugin_id
    return connection.execute(sa.select(asset_uses.c.asset_id).where(this).limit(1)).first() is not None


def end_uses(connection: sa.Connection, before: int) -> None:
    """End uses that have no link, and that nobody keeps, since ``before``."""
    linked = sa.exists().where(
        asset_links.c.asset_id == asset_uses.c.asset_id, asset_links.c.plugin_id == asset_uses.c.plugin_id
    )
    connection.execute(sa.delete(asset_uses).where(~asset_uses.c.kept, asset_uses.c.since < before, ~linked))


def unused(connection: sa.Connection, store: str, limit: int) -> list[Asset]:
    """Assets that no plugin uses."""
    used = sa.exists().where(asset_uses.c.asset_id == assets.c.id)
    query = sa.select(assets).where(assets.c.store == store, ~used).order_by(assets.c.id).limit(limit)
    return [_asset(row) for row in connection.execute(query)]


def delete(connection: sa.Connection, numbers: list[int]) -> None:
    """Remove the rows of assets, and with them their uses and links."""
    connection.execute(sa.delete(assets).where(assets.c.id.in_(numbers)))


def _asset(row: Any) -> Asset:
    return Asset(row.hash, row.media_type, row.size, row.added_at, row.id)
