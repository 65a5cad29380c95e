"""Lists the files that a query asks for, in the order that it names, else by path."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.catalogue_tables import catalogue
from viewra.db.tables import directories, libraries, media_files
from viewra.db.transactions import reading
from viewra.library import fulltext, outcomes, priorities
from viewra.library.catalogue.entries import name_without_extension, several
from viewra.library.listing import paging
from viewra.library.listing.paging import Key
from viewra.library.merge import pick
from viewra.library.paths import below, display_bytes, join
from viewra.library.query.fields import INDEXED
from viewra.library.query.parser import parse
from viewra.library.query.plan import Plan, plan
from viewra.library.query.tree import Query, Sort
from viewra.library.words import indexed
from viewra.types import FileEntry, Page
from viewra.types.values import Value

FILES_A_LOOK = 500
"""Of how many files metadata is looked at in one go."""

_BY_PATH = (Key(directories.c.path), Key(media_files.c.name), Key(media_files.c.id))

_COLUMNS: Mapping[str, Sequence[sa.ColumnElement[Any]]] = {
    "added": (media_files.c.added_at,),
    "album": (catalogue.c.sort_album, catalogue.c.disc, catalogue.c.track),
    "artist": (catalogue.c.sort_artist, catalogue.c.sort_album, catalogue.c.disc, catalogue.c.track),
    "duration": (catalogue.c.duration_ms,),
    "episode": (sa.func.coalesce(catalogue.c.season, -1), sa.func.coalesce(catalogue.c.episode, -1)),
    "id": (),
    "modified": (media_files.c.mtime_ns,),
    "path": (directories.c.path, media_files.c.name),
    "size": (media_files.c.size,),
    "title": (catalogue.c.sort_title,),
    "track": (catalogue.c.disc, catalogue.c.track, directories.c.path, media_files.c.name),
    "year": (catalogue.c.year,),
}
"""What a sort by each of ``SORTS`` compares."""


def list_files(engine: sa.Engine, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[FileEntry]:
    """Return a page of the files that a query asks for; an empty one asks for all.

    Raises ``UsageError`` for a query that cannot be read, a cursor of another listing and a limit outside 1 … 10,000.
    """
    asked = parse(query)
    with reading(engine) as connection:
        planned = plan(connection, asked)
        return pages(connection, planned, sort_keys(asked.sort, planned), after=after, limit=limit)


def pages(
    connection: sa.Connection, planned: Plan, keys: Sequence[Key], *, after: str | None, limit: int
) -> Page[FileEntry]:
    """Return a page of the files of a plan."""
    statement = selected(connection, planned)
    if planned.rest is None:
        return paging.page(connection, statement, keys, entry_of, after=after, limit=limit)
    paging.check_limit(limit)
    place = paging.read(after, keys) if after is not None else None
    found: list[Any] = []
    for row in matching(connection, planned, statement, keys, place):
        if len(found) == limit:
            return Page(tuple(map(entry_of, found)), paging.write(paging.position(found[-1], keys)))
        found.append(row)
    return Page(tuple(map(entry_of, found)))


def selected(connection: sa.Connection, planned: Plan) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement for the files of a plan, as far as columns and the search index decide."""
    columns = (*_FILE, directories.c.path, *_ENTRY, *planned.labelled())
    joined = sa.join(media_files, directories, media_files.c.directory_id == directories.c.id)
    at = catalogue.c.media_file_id == media_files.c.id
    joined = sa.join(joined, catalogue, at, isouter=planned.with_missing)
    if planned.text is None:
        return sa.select(*columns).select_from(joined).where(*planned.where)
    index = fulltext.media_search
    joined = sa.join(joined, index, index.c.rowid == media_files.c.id)
    hit = fulltext.matches(connection, planned.text)
    return sa.select(*columns).select_from(joined).where(hit, *planned.where)


def matching(
    connection: sa.Connection,
    planned: Plan,
    statement: sa.Select[*tuple[Any, ...]],
    keys: Sequence[Key],
    place: Sequence[Any] | None = None,
) -> Iterator[Any]:
    """Give the rows of a statement whose metadata meets what is left of the plan, in order."""
    orders = priorities.load(connection)
    names = {*INDEXED, *(leaf.field for leaf in _leaves(planned))}
    roots = {row.id: row.path for row in connection.execute(sa.select(libraries.c.id, libraries.c.path))}
    while True:
        rows = connection.execute(paging.behind(statement, keys, place).limit(FILES_A_LOOK)).all()
        answers = outcomes.load(connection, [row.id for row in rows])
        for row in rows:
            readings = (answer.reading() for answer in answers.get(row.id, ()) if answer.values is not None)
            values: dict[str, Value] = pick(readings, names, orders)
            # The same that the search index has, see ``documents``.
            values["path"] = display_bytes(below(join(row.path, row.name), roots[row.library_id]))
            if not indexed(several(values, "title")):
                values["title"] = name_without_extension(display_bytes(row.name))
            if planned.holds(row, values):
                yield row
        if len(rows) < FILES_A_LOOK:
            return
        place = paging.position(rows[-1], keys)


def sort_keys(sorts: Sequence[Sort], planned: Plan) -> Sequence[Key]:
    """Return the keys of an order of the files of a plan; without one, files are in the order of their paths."""
    if not sorts:
        return _BY_PATH
    known = _known if planned.with_missing else _as_it_is
    keys = [Key(known(column), sort.descending) for sort in sorts for column in _COLUMNS[sort.field]]
    return (*keys, Key(media_files.c.id, sorts[-1].descending))


def _as_it_is(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return column


def _known(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return a column of the catalogue, in which files that are missing have no row, with values for these too."""
    nothing = "" if column.type.python_type is str else 0
    return sa.func.coalesce(column, nothing) if getattr(column, "table", None) is catalogue else column


def entry_of(row: Any) -> FileEntry:
    """Make the entry of a row of ``selected``."""
    return FileEntry(
        id=row.id,
        library_id=row.library_id,
        path=os.fsdecode(join(row.path, row.name)),
        mime_type=row.mime_type,
        size=row.size,
        added_at=row.added_at,
        kind=row.kind or "other",
        title=row.title or "",
        artist=row.artist or "",
        album=row.album or "",
        albumartist=row.albumartist or "",
        album_id=row.album_id,
        year=row.year or None,
        duration_s=row.duration_ms / 1000 if row.duration_ms else None,
        disc=row.disc or None,
        track=row.track or None,
        series_id=row.series_id,
        season=row.season,
        episode=row.episode,
        missing_since=row.missing_since,
    )


def _leaves(planned: Plan) -> Iterator[Any]:
    if planned.rest is not None:
        yield from Query(planned.rest).leaves()


_FILE = tuple(
    media_files.c[name] for name in ("id", "library_id", "name", "mime_type", "size", "added_at", "missing_since")
)
_ENTRY = tuple(column for column in catalogue.c if column.name in {*attrs.fields_dict(FileEntry), "duration_ms"})
