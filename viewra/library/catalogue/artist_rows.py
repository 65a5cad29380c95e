"""Maintains the rows of ``artists``, identified by MusicBrainz id if a file states one, else by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from viewra.db.bulk import insert_rows, select_in
from viewra.db.catalogue_tables import artists
from viewra.library.catalogue.entries import Name
from viewra.library.catalogue.keys import NOT_YET


def ids(connection: sa.Connection, names: Iterable[Name]) -> dict[tuple[str, str], int]:
    """Return the ids of artists by key and MusicBrainz id; creates missing rows.

    A name without a MusicBrainz id refers to the oldest artist with that name. An artist without a MusicBrainz id gets
    the first one that a file states for its name.
    """
    wanted = {(name.key, name.musicbrainz_id): name for name in names}
    known = _known(connection, {key for key, _ in wanted})
    found: dict[tuple[str, str], int] = {}
    new: dict[tuple[str, str], Name] = {}
    for (key, stated), name in sorted(wanted.items(), key=lambda item: item[0], reverse=True):  # those with an id first
        of_name = known.setdefault(key, {})
        if stated not in of_name and stated and "" in of_name:
            of_name[stated] = of_name.pop("")
            update = sa.update(artists).where(artists.c.id == of_name[stated])
            connection.execute(update.values(musicbrainz_id=stated))
        elif stated not in of_name and (stated or not of_name):
            of_name[stated] = NOT_YET + len(new)
            new[key, stated] = name
        found[key, stated] = of_name[stated] if stated in of_name else min(of_name.values())
    if new:
        made = _insert(connection, new)
        found = {which: made[row_id - NOT_YET] if row_id >= NOT_YET else row_id for which, row_id in found.items()}
    return found


def _insert(connection: sa.Connection, new: Mapping[tuple[str, str], Name]) -> list[int]:
    """Make rows, all at once; gives their ids."""
    rows = [
        {"key": key, "musicbrainz_id": stated, "name": name.name, "sort_name": name.sort}
        for (key, stated), name in new.items()
    ]
    insert_rows(connection, artists, rows)
    made = _known(connection, {key for key, _ in new})
    return [made[key][stated] for key, stated in new]


def _known(connection: sa.Connection, keys: Iterable[str]) -> dict[str, dict[str, int]]:
    columns = sa.select(artists.c.key, artists.c.musicbrainz_id, artists.c.id)
    found: dict[str, dict[str, int]] = {}
    for row in select_in(connection, keys, lambda some: columns.where(artists.c.key.in_(some))):
        found.setdefault(row.key, {})[row.musicbrainz_id] = row.id
    return found
