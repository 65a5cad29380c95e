"""Lists files that could not be read, by a present plugin or, in the last scan, by the system."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.tables import directories, file_metadata, libraries, media_files, scan_jobs
from viewra.db.transactions import reading, writing
from viewra.errors import NotFound
from viewra.library.jobs import parts_of
from viewra.library.listing import paging
from viewra.library.listing.paging import Key
from viewra.library.listing.places import are_few, folder_order, folder_place
from viewra.library.outcomes import UNREAD
from viewra.library.paths import absolute, display_bytes, folder_of, is_within, join
from viewra.library.scope import Part, Scope
from viewra.types import Page, ScanStatus

_IS_ERROR = file_metadata.c.status == sa.literal_column("'error'")  # written out, it can use the index of failures
_LONGEST = 5
"""The longest extension, with its dot, that is counted separately; longer ones are counted together."""

_JOBS = 200
"""How many scans back the system's failures are looked up, in a library that is scanned in parts."""


@attrs.frozen
class KnownFailure:
    """One file or folder that could not be read; ``plugin`` is None if the system failed.

    ``path`` is printable; ``at`` is the time of the last failure, in microseconds since the epoch.
    """

    path: str
    plugin: str | None
    error: str
    at: int


_SAID = tuple(file_metadata.c[name] for name in ("plugin_id", "error", "read_at"))
_FAILURES = (
    sa.select(directories.c.path, media_files.c.name, *_SAID)
    .join_from(file_metadata, media_files, media_files.c.id == file_metadata.c.media_file_id)
    .join(directories, directories.c.id == media_files.c.directory_id)
    .where(media_files.c.missing_since.is_(None))
)


@lru_cache
def _by_path(database: str) -> Sequence[Key]:
    return (*map(Key, folder_order(database)), Key(media_files.c.name), Key(file_metadata.c.plugin_id))


def list_failures(
    engine: sa.Engine,
    path: str | None = None,
    *,
    plugin_id: str | None = None,
    installed: Collection[str] | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[KnownFailure]:
    """A page of the failures by folder and name: of all, or of those at or below ``path``, or of those of one plugin.

    Failures of plugins that are not ``installed`` are left out: those plugins will not read the files again. Raises
    ``UsageError`` for a ``path`` outside all libraries, a cursor of another listing and a limit outside 1 … 10,000, and
    ``DatabaseError``.
    """
    paging.check_limit(limit)
    database = engine.dialect.name
    keys = _by_path(database)
    place = paging.read(after, keys) if after is not None else None
    plugin = file_metadata.c.plugin_id
    found = _FAILURES.where(plugin == plugin_id if plugin_id is not None else sa.true())
    found = found.where(plugin.in_(installed) if installed is not None else sa.true())
    with reading(engine) as connection:
        # With many failures SQLite must not take the index of failures, or it would sort all for each page.
        few = are_few(connection, sa.select(file_metadata.c.media_file_id).where(_IS_ERROR))
        found = found.where(_IS_ERROR if few else file_metadata.c.status == "error")
        places = _places(connection, path)
        if places is not None:
            found = found.where(sa.or_(*map(_at_or_below, places)))
        rows = paging.rows(connection, found, keys, place, limit + 1)
        failures = [(paging.position(row, found, keys), _failure(row)) for row in rows]
        if plugin_id is None:
            for where, failure in _of_the_system(connection):
                position = [*folder_place(database, folder_of(where)), where.rpartition(b"/")[2], ""]
                if (places is None or any(is_within(where, one) for one in places)) and (not place or position > place):
                    failures.append((position, failure))
    failures.sort(key=lambda one: (*one[0][:-1], one[0][-1] != ""))  # plugins of a file are in the database's order
    cursor = paging.write(failures[limit - 1][0], keys) if len(failures) > limit else None
    return Page(tuple(failure for _, failure in failures[:limit]), cursor)


def failures_of(engine: sa.Engine, file_id: int, installed: Collection[str] | None = None) -> list[KnownFailure]:
    """The failures of ``installed`` plugins at one file."""
    table = file_metadata.c
    found = _FAILURES.where(_IS_ERROR, table.media_file_id == file_id).order_by(table.plugin_id)
    if installed is not None:
        found = found.where(table.plugin_id.in_(installed))
    with reading(engine) as connection:
        return [*map(_failure, connection.execute(found))]


def count_failed(engine: sa.Engine, scope: Scope, plugin_ids: Collection[str]) -> int:
    """How many files of a scope some of these plugins could not read when they last tried."""
    with reading(engine) as connection:
        count = _failed(sa.select(sa.func.count(media_files.c.id)), scope, plugin_ids)
        found: int = connection.execute(count).scalar_one()
    return found


def failed_files(engine: sa.Engine, scope: Scope, plugin_ids: Collection[str]) -> set[int]:
    """Which they are, by their ids."""
    with reading(engine) as connection:
        return set(connection.execute(_failed(sa.select(media_files.c.id), scope, plugin_ids)).scalars())


def _failed(select: sa.Select[Any], scope: Scope, plugin_ids: Collection[str]) -> sa.Select[Any]:
    table = file_metadata.c
    failed = sa.select(table.media_file_id).where(_IS_ERROR, table.plugin_id.in_(plugin_ids))
    # The few that failed come first: their index is all that is looked through.
    return _within(select, scope).where(media_files.c.id.in_(failed))


def mark_for_retry(engine: sa.Engine, scope: Scope) -> None:
    """Mark the plugins' failures in a scope to be read again."""
    table = file_metadata
    files = _within(sa.select(media_files.c.id), scope)
    with writing(engine) as connection:
        again = sa.update(table).where(_IS_ERROR, table.c.media_file_id.in_(files))
        connection.execute(again.values(code_hash=UNREAD))


def count_unwanted(engine: sa.Engine, scope: Scope, unwanted: Collection[str]) -> dict[str, int]:
    """The number of files of a scope with these types, which no plugin reads, by extension, most frequent first."""
    if not unwanted:
        return {}
    # Taking and grouping the last few characters is fast; the part before the dot is dropped here.
    ending = sa.func.substr(media_files.c.path_text, -_LONGEST).label("ending")
    found = _within(sa.select(ending, sa.func.count()), scope).where(media_files.c.mime_type.in_(unwanted))
    counts: dict[str, int] = {}
    with reading(engine) as connection:
        for name, count in connection.execute(found.group_by(ending)):
            _, dot, extension = name.rpartition(".")
            key = f".{extension.lower()}" if dot and "/" not in extension else "others"
            counts[key] = counts.get(key, 0) + count
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _within(select: sa.Select[Any], scope: Scope) -> sa.Select[Any]:
    """Restrict to the present files of a scope."""
    there = (media_files.c.library_id == scope.library_id, media_files.c.missing_since.is_(None))
    if scope.is_whole:
        return select.select_from(media_files).where(*there)
    return select.join_from(media_files, directories).where(*there, scope.directories())


def _places(connection: sa.Connection, path: str | None) -> list[bytes] | None:
    """The path as given and its real path, one of which is in a library; None: everywhere."""
    if path is None:
        return None
    given = absolute(path)
    places = [given, os.path.realpath(given)]
    for row in connection.execute(sa.select(libraries.c.path)):
        if any(is_within(row.path, place) or is_within(place, row.path) for place in places):
            return places
    raise NotFound(f"{display_bytes(given)} is in no library", hint="see them with: viewra library list")


def _of_the_system(connection: sa.Connection) -> Iterator[tuple[bytes, KnownFailure]]:
    """The system's failures in the newest scan of each place."""
    table = scan_jobs.c
    over = table.status.in_([ScanStatus.COMPLETED, ScanStatus.CANCELLED])
    covered: list[Part] = []
    columns = (table.path, table.parts, table.status, table.counts, table.failures, table.finished_at)
    jobs = sa.select(*columns).where(over)
    for job in connection.execute(jobs.order_by(table.id.desc()).limit(_JOBS)):
        if "walked" in orjson.loads(job.counts or "{}"):  # it only retried failures, and walked no folder
            continue
        for failure in orjson.loads(job.failures or "[]"):
            path = os.fsencode(failure["path"])
            if failure["plugin"] is None and not any(_is_at(path, place) for place in covered):
                yield path, KnownFailure(failure["path"], None, failure["error"], job.finished_at)
                covered.append(Part(path))
        if job.status == ScanStatus.COMPLETED:
            covered += parts_of(job.parts) or [Part(job.path)]


def _is_at(path: bytes, place: Part) -> bool:
    """Whether a file or folder is what a scan of this place looks at."""
    is_in_folder = not place.deep and folder_of(path) == place.path
    return place.covers(path) or (is_in_folder and not os.path.isdir(path))  # noqa: PTH112  (bytes)


def _failure(row: Any) -> KnownFailure:
    return KnownFailure(display_bytes(join(row.path, row.name)), row.plugin_id, row.error, row.read_at)


def _at_or_below(place: bytes) -> sa.ColumnElement[bool]:
    """The condition that a file is ``place``, or in or below this folder."""
    folder, base = directories.c.path, place.rstrip(b"/")
    inside = sa.or_(folder == place, sa.and_(folder >= base + b"/", folder < base + b"0"))  # "0" follows "/"
    return sa.or_(inside, sa.and_(folder == folder_of(place), media_files.c.name == place.rpartition(b"/")[2]))
