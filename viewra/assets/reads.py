"""What plugins found when they were asked for the pictures of a file: links of that file, and a note of its state."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from viewra.assets import rows
from viewra.assets.candidates import Candidate
from viewra.assets.store import AssetStore
from viewra.db.asset_tables import artwork_reads
from viewra.db.transactions import reading, writing
from viewra.types import AssetLink, FoundPicture

ERROR_S = 3600.0
"""Seconds after which a plugin that failed at a file is asked again."""


def known(store: AssetStore, one: Candidate) -> list[AssetLink] | None:
    """The pictures that a plugin found in a file, None if it has to be asked (again)."""
    with reading(store.engine) as connection:
        row = connection.execute(sa.select(artwork_reads).where(_is(store, one))).one_or_none()
        if row is None or row.state != one.state:
            return None
        if row.error and store.micros() - row.read_at > ERROR_S * 1_000_000:
            return None
        target = {"media_file_id": one.media_file_id}
        found = rows.links(connection, store.store, target=target, plugin_id=one.plugin_id)
    return found if found or not row.pictures else None


def note(store: AssetStore, one: Candidate, pictures: Sequence[FoundPicture], error: str = "") -> None:
    """Link what a plugin found in a file with the file, in place of what it found before.

    A picture that the plugin has not stored is left out. Raises IntegrityError if the file is no longer known.
    """
    store_id = store.files.begin()
    target = {"media_file_id": one.media_file_id}
    with writing(store.engine) as connection:
        rows.unlink(connection, one.plugin_id, None, None, target)
        linked = 0
        for picture in pictures:
            asset = rows.used_by(connection, store_id, one.plugin_id, picture.asset_id)
            if asset is not None:
                rows.link(connection, one.plugin_id, asset.number, picture.kind, target, "", {})
                linked += 1
        connection.execute(sa.delete(artwork_reads).where(_is(store, one)))
        key = {"media_file_id": one.media_file_id, "plugin_id": one.plugin_id, "store": store_id}
        values = {**key, "state": one.state, "pictures": linked, "error": error, "read_at": store.micros()}
        connection.execute(sa.insert(artwork_reads).values(values))


def _is(store: AssetStore, one: Candidate) -> sa.ColumnElement[bool]:
    this = artwork_reads.c
    return sa.and_(this.media_file_id == one.media_file_id, this.plugin_id == one.plugin_id, this.store == store.store)
