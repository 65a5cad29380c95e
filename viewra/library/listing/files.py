"""Lists the files that match a query, in the query's order, else by path."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import sqlalchemy as sa

from viewra.db.bulk import KEYS_A_QUERY
from viewra.db.catalogue_tables import catalogue
from viewra.db.tables import directories, media_files
from viewra.db.transactions import looking, reading
from viewra.errors import UsageError
from viewra.library import fulltext
from viewra.library.listing import paging
from viewra.library.listing.filling import known_number, seconds, unfrozen
from viewra.library.listing.paging import Key
from viewra.library.listing.places import BY_FOLDER, are_few, folder_order
from viewra.library.query.parser import parse_within
from viewra.library.query.plan import Plan, may_be_missing, plan
from viewra.library.query.tree import Sort, up_to_id
from viewra.types import FileEntry, Page

_COLUMNS: Mapping[str, Sequence[sa.ColumnElement[Any]]] = {
    "added": (media_files.c.added_at,),
    "album": (catalogue.c.sort_album, catalogue.c.disc, catalogue.c.track),
    "artist": (catalogue.c.sort_artist, catalogue.c.sort_album, catalogue.c.disc, catalogue.c.track),
    "duration": (catalogue.c.duration_ms,),
    "episode": (sa.func.coalesce(catalogue.c.season, -1), sa.func.coalesce(catalogue.c.episode, -1)),
    "id": (),
    "modified": (media_files.c.mtime_ns,),
    "path": (),  # as ``folder_order`` says
    "size": (media_files.c.size,),
    "title": (catalogue.c.sort_title,),
    "track": (catalogue.c.disc, catalogue.c.track, directories.c.path, media_files.c.name),
    "year": (catalogue.c.year,),
}
"""The columns of each of ``SORTS``."""


def list_files(
    engine: sa.Engine, query: str = "", *, within: str = "", after: str | None = None, limit: int = 100
) -> Page[FileEntry]:
    """Return a page of the files that match a query; an empty one matches all files.

    ``within`` is another query that they match, too; its order counts where ``query`` names none. Raises ``UsageError``
    for an invalid query, a cursor of another listing and a limit outside 1 … 10,000.
    """
    asked = parse_within(query, within)
    if within and may_be_missing(asked):
        at = next(leaf.at for leaf in asked.leaves() if leaf.field == "missing")
        raise UsageError(
            f"the query, column {at + 1}: of files that are missing it is not known what they are",
            hint="leave out missing:, or ask for files of any kind",
        )
    with looking(engine) as connection:
        planned = plan(connection, asked)
        keys = sort_keys(planned.database, asked.sort, planned.with_missing)
        if planned.rest is None:
            return pages(connection, planned, keys, after=after, limit=limit)
    with reading(engine) as connection:
        return pages(connection, planned, keys, after=after, limit=limit)


def pages(
    connection: sa.Connection, planned: Plan, keys: Sequence[Key], *, after: str | None, limit: int
) -> Page[FileEntry]:
    """Return a page of the files of a plan."""
    if planned.rest is None:
        return paging.page(connection, in_order(connection, planned, keys), keys, entries, after=after, limit=limit)
    paging.check_limit(limit)
    place = paging.read(after, keys) if after is not None else None
    found = [*islice(matching(connection, planned, keys, place), limit + 1)]
    if len(found) <= limit:
        return Page(tuple(entries(found)))
    place = paging.position(found[limit - 1], selected(planned), keys)
    return Page(tuple(entries(found[:limit])), paging.write(place, keys))


@lru_cache(maxsize=128)
def selected(planned: Plan) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement that selects a plan's files by columns and the search index."""
    return _narrowed(_with_answers(planned), planned)


def _narrowed(found: sa.Select[*tuple[Any, ...]], planned: Plan) -> sa.Select[*tuple[Any, ...]]:
    if planned.text is not None:
        index = fulltext.media_search
        found = found.join(index, index.c.rowid == media_files.c.id)
        found = found.where(fulltext.matches(planned.database, planned.text))
    return found.where(*planned.where)


def _with_answers(planned: Plan) -> sa.Select[*tuple[Any, ...]]:
    found = _ENTRIES if not planned.with_missing else _WITH_MISSING
    return found.add_columns(*planned.labelled()) if planned.answers else found


def by_ids(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Any]:
    """Return the rows of existing files with what a hit of a search says of them, by id."""
    found: dict[int, Any] = {}
    for start in range(0, len(ids), KEYS_A_QUERY):
        some = {_IDS: ids[start : start + KEYS_A_QUERY]}
        found.update((row.id, row) for row in connection.execute(_BY_IDS, some).all())
    return found


def in_order(connection: sa.Connection, planned: Plan, keys: Sequence[Key]) -> sa.Select[*tuple[Any, ...]]:
    """Return ``selected`` for a page in the order of ``keys``.

    If many files match, SQLite is made to read files in this order and to leave out others: by an index of the
    conditions it would find, and sort, all of them for each page. PostgreSQL knows how many match.
    """
    if planned.database != "sqlite":
        return selected(planned)
    is_narrow = planned.text is not None or len(planned.where) > (0 if planned.with_missing else 1)
    if is_narrow and are_few(connection, ids(planned)):
        return selected(planned)
    return _all_in_order(planned, is_narrow, keys[0].column is directories.c.path)


@lru_cache(maxsize=128)
def ids(planned: Plan) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement that selects the ids of a plan's files, without their folders."""
    joined = sa.outerjoin if planned.with_missing else sa.join
    found = sa.select(media_files.c.id).select_from(joined(media_files, catalogue, _SAME))
    return _narrowed(found, planned)


@lru_cache(maxsize=128)
def _all_in_order(planned: Plan, is_narrow: bool, by_folder: bool) -> sa.Select[*tuple[Any, ...]]:
    conditions = list(planned.where)
    if planned.text is not None:
        index = fulltext.media_search
        hits = sa.select(index.c.rowid).where(fulltext.matches(planned.database, planned.text))
        conditions.append(media_files.c.id.in_(hits))
    found = _with_answers(planned).where(BY_FOLDER) if by_folder else _with_answers(planned)
    if not is_narrow:
        return found.where(*conditions)
    return found.where(sa.case((sa.and_(*conditions), 1), else_=0) == 1)  # no index fits a case


def matching(
    connection: sa.Connection, planned: Plan, keys: Sequence[Key], place: Sequence[Any] | None = None
) -> Iterator[Any]:
    """Yield the rows of a plan's files whose metadata matches the rest of the plan, in order."""
    from viewra.library.listing import looked_at  # light start: few queries need what it imports

    return looked_at.matching(connection, planned, in_order(connection, planned, keys), keys, place)


@lru_cache(maxsize=64)
def sort_keys(database: str, sorts: tuple[Sort, ...], with_missing: bool) -> Sequence[Key]:
    """Return the sort keys of files; without a stated order, they are sorted by path.

    ``database`` and ``with_missing`` are those of the plan.
    """
    sorts = up_to_id(sorts) or (Sort("path"),)
    known = _known if with_missing else _as_it_is
    columns = {**_COLUMNS, "path": (*folder_order(database), media_files.c.name)}
    keys = [Key(known(column), sort.descending) for sort in sorts for column in columns[sort.field]]
    is_of_catalogue = keys and not with_missing and all(_is_of_catalogue(key.column) for key in keys)
    last = catalogue.c.media_file_id if is_of_catalogue else media_files.c.id  # the one that an index has, too
    return (*keys, Key(last, sorts[-1].descending))


def _is_of_catalogue(column: sa.ColumnElement[Any]) -> bool:
    return getattr(column, "table", None) is catalogue


def _as_it_is(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return column


def _known(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return a column of the catalogue with a default for missing files, which have no row in it."""
    nothing = "" if column.type.python_type is str else 0
    return sa.func.coalesce(column, nothing) if _is_of_catalogue(column) else column


def entries(rows: Iterable[Any]) -> Iterator[FileEntry]:
    """Convert rows of ``selected``."""
    new, kind = object.__new__, unfrozen(FileEntry)
    for row in rows:
        # By hand and without calls: with them this takes half as long as the query.
        entry: Any = new(kind)
        (
            entry.id, entry.library_id, folder, name, entry.mime_type, entry.size, entry.added_at,
            entry.kind, entry.title, entry.artist, entry.album, entry.albumartist, entry.album_id,
            entry.year, entry.duration_s, entry.disc, entry.track, entry.series_id, entry.season, entry.episode,
            entry.missing_since,
        ) = row[:_COLUMNS_OF_ENTRY]  # fmt: skip
        entry.path = (folder + b"/" + name if folder != b"/" else folder + name).decode(_ENCODING, _ERRORS)
        entry.__class__ = FileEntry
        yield entry


def _entry_columns(*, with_missing: bool) -> Iterator[sa.ColumnElement[Any]]:
    """Yield the columns of an entry in the order of its fields; the path has two.

    The database replaces what is not known: that takes it less time than Python.
    """
    yield from (media_files.c.id, media_files.c.library_id, directories.c.path, media_files.c.name)
    yield from (media_files.c.mime_type, media_files.c.size, media_files.c.added_at)
    for name in ("kind", "title", "artist", "album", "albumartist"):
        unknown = "other" if name == "kind" else ""
        yield sa.func.coalesce(catalogue.c[name], unknown).label(name) if with_missing else catalogue.c[name]
    yield catalogue.c.album_id
    yield from (known_number(catalogue.c.year), seconds(known_number(catalogue.c.duration_ms)))
    yield from (known_number(catalogue.c.disc), known_number(catalogue.c.track))
    yield from (catalogue.c.series_id, catalogue.c.season, catalogue.c.episode, media_files.c.missing_since)


_ENCODING, _ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
_FOLDER = sa.join(media_files, directories, media_files.c.directory_id == directories.c.id)
_SAME = catalogue.c.media_file_id == media_files.c.id
# Made once: it takes as long as a search among few files.
_ENTRIES = sa.select(*_entry_columns(with_missing=False)).select_from(sa.join(_FOLDER, catalogue, _SAME))
_WITH_MISSING = sa.select(*_entry_columns(with_missing=True)).select_from(sa.outerjoin(_FOLDER, catalogue, _SAME))
_IDS = "ids"
FOUND = (directories.c.path, media_files.c.name, catalogue.c.title, catalogue.c.artist, catalogue.c.album)
"""What a hit of a search says of its file."""
_BY_IDS = sa.select(media_files.c.id, *FOUND).select_from(sa.join(_FOLDER, catalogue, _SAME))
_BY_IDS = _BY_IDS.where(media_files.c.id.in_(sa.bindparam(_IDS, expanding=True)))
_COLUMNS_OF_ENTRY = len(_ENTRIES.selected_columns)
