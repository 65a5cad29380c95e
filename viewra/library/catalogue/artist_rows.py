"""Rows of ``artists``: by MusicBrainz id where a file states one, else by name."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from viewra.db.bulk import insert_rows, select_in
from viewra.db.catalogue_tables import artists
from viewra.library.catalogue.entries import Name


def ids(connection: sa.Connection, names: Iterable[Name]) -> dict[tuple[str, str], int]:
    """Return the ids of artists by key and MusicBrainz id; those that are not there are made.

    A name without an id means the artist of that name that was there first. The first id that is stated for a name that
    had none is that artist's.
    """
    wanted = {(name.key, name.musicbrainz_id): name for name in names}
    known = _known(connection, {key for key, _ in wanted})
    found: dict[tuple[str, str], int] = {}
    for (key, stated), name in sorted(wanted.items(), key=lambda item: item[0], reverse=True):  # those with an id first
        of_name = known.setdefault(key, {})
        if stated not in of_name and stated and "" in of_name:
            of_name[stated] = of_name.pop("")
            update = sa.update(artists).where(artists.c.id == of_name[stated])
            connection.execute(update.values(musicbrainz_id=stated))
        elif stated not in of_name and (stated or not of_name):
            row = {"key": key, "musicbrainz_id": stated, "name": name.name, "sort_name": name.sort}
            insert_rows(connection, artists, [row])
            of_name |= _known(connection, {key})[key]
        found[key, stated] = of_name[stated] if stated in of_name else min(of_name.values())
    return found


def _known(connection: sa.Connection, keys: Iterable[str]) -> dict[str, dict[str, int]]:
    columns = sa.select(artists.c.key, artists.c.musicbrainz_id, artists.c.id)
    found: dict[str, dict[str, int]] = {}
    for row in select_in(connection, keys, lambda some: columns.where(artists.c.key.in_(some))):
        found.setdefault(row.key, {})[row.musicbrainz_id] = row.id
    return found
