"""Verifies that files, rows, jobs and the search index agree, and repairs what does not.

Most of it cannot happen through viewra itself, whose transactions keep it from happening: it is for a disk that failed,
a backup put back half, a hand that went into the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.tables import (
    directories,
    file_metadata,
    libraries,
    media_files,
    metadata,
    other_paths,
    scan_events,
)
from viewra.db.transactions import reading, writing
from viewra.library import documents, fulltext, jobs, outcomes, priorities
from viewra.types import ScanEventKind

PAGE = 500

Repair = Callable[[sa.Connection, Sequence[int]], object]


@attrs.frozen
class Finding:
    """What one check found: ``count`` things, ``repaired`` or not; ``harmless`` ones come and go by themselves."""

    check: str
    meaning: str
    count: int
    repaired: bool = False
    harmless: bool = False


@attrs.frozen
class _Check:
    """Things that ``wrong`` selects the ids of, and what is done with them."""

    name: str
    meaning: str
    wrong: sa.Select[int]
    repair: Repair
    harmless: bool = False
    of_index: bool = False


def verify(engine: sa.Engine, *, repair: bool = False) -> list[Finding]:
    """Check everything, and repair it where that is wanted; gives what was found, none where all agrees.

    It works beside a scan. Raises ``DatabaseError``.
    """
    gone = _tables(engine)
    if gone.count:  # the other checks need them
        return [gone]
    whole = _whole_index(engine, repair)
    checks = tuple(_checks())
    found = [_sound(engine), *(_run(engine, check, repair) for check in checks if not check.of_index)]
    unreadable = _metadata(engine, repair)
    meaning = "metadata that cannot be read; once repaired, the next scan reads the files again"
    found += [Finding("metadata", meaning, len(unreadable), repair), whole]
    if whole.repaired:
        _fill_index(engine)
    if whole.repaired or not whole.count:
        found += [_run(engine, check, repair) for check in checks if check.of_index]
        found.append(_index(engine, repair, set() if repair else unreadable))
    found.append(_jobs(engine, repair))
    return [finding for finding in found if finding.count]


def _checks() -> Iterator[_Check]:
    """In the order in which one repair may leave work for the next."""
    no_library = ~sa.exists().where(libraries.c.id == directories.c.library_id)
    yield _Check(
        "directories", "folders of no library", sa.select(directories.c.id).where(no_library), _delete(directories)
    )
    no_place = sa.or_(
        ~sa.exists().where(directories.c.id == media_files.c.directory_id),
        ~sa.exists().where(libraries.c.id == media_files.c.library_id),
    )
    yield _Check(
        "files", "files of no folder or library", sa.select(media_files.c.id).where(no_place), _delete(media_files)
    )
    of = file_metadata.c.media_file_id
    lost = sa.select(of).where(~sa.exists().where(media_files.c.id == of)).distinct()
    yield _Check("metadata", "metadata of files that are no more", lost, _delete(file_metadata, of))
    indexed = fulltext.media_search.c.rowid
    there = sa.select(media_files.c.id).where(media_files.c.missing_since.is_(None))
    orphans = sa.select(indexed).where(indexed.not_in(there))
    yield _Check("index", "files in the search that are no more", orphans, fulltext.forget, of_index=True)
    unknown = there.where(media_files.c.id.not_in(sa.select(indexed)))
    # One that is still to be told of is put into the index with that: a scan was interrupted, or goes on.
    unknown = unknown.where(~media_files.c.event_due)
    yield _Check("index", "files that the search does not know", unknown, _index_again, of_index=True)
    gone = sa.select(scan_events.c.id).where(
        scan_events.c.kind == ScanEventKind.FILE,
        ~sa.exists().where(media_files.c.id == scan_events.c.media_file_id),
    )
    yield _Check("events", "notifications of files that are no more", gone, _delete(scan_events), harmless=True)
    empty = sa.select(directories.c.id).where(
        ~sa.exists().where(media_files.c.directory_id == directories.c.id),
        ~sa.exists().where(other_paths.c.directory_id == directories.c.id),
    )
    yield _Check("directories", "folders without files", empty, _delete(directories), harmless=True)


def _run(engine: sa.Engine, check: _Check, repair: bool) -> Finding:
    (key,) = check.wrong.selected_columns
    count = after = 0
    while True:
        page = check.wrong.where(key > after).order_by(key).limit(PAGE)
        with _transaction(engine, repair) as connection:
            ids = connection.execute(page).scalars().all()
            if ids and repair:
                check.repair(connection, ids)
        if not ids:
            return Finding(check.name, check.meaning, count, repair and count > 0, check.harmless)
        after = ids[-1]
        count += len(ids)


def _metadata(engine: sa.Engine, repair: bool) -> set[int]:
    """The files with metadata that is no JSON; repaired, it is as if the plugin had not read them."""
    unreadable: set[int] = set()
    for ids in _pages(engine):
        with _transaction(engine, repair) as connection:
            table = file_metadata
            rows = sa.select(table.c.media_file_id, table.c.plugin_id, table.c.data)
            for row in connection.execute(rows.where(table.c.media_file_id.in_(ids), table.c.data.is_not(None))).all():
                if _is_json(row.data):
                    continue
                unreadable.add(row.media_file_id)
                if repair:
                    this = sa.and_(table.c.media_file_id == row.media_file_id, table.c.plugin_id == row.plugin_id)
                    cleared = sa.update(table).where(this)
                    connection.execute(cleared.values(data=None, status="skipped", code_hash=outcomes.UNREAD))
    return unreadable


def _whole_index(engine: sa.Engine, repair: bool) -> Finding:
    """Whether there is an index, and its inside holds together; repaired, it is empty and to be filled."""
    with writing(engine) as connection:
        damaged = fulltext.damage(connection)
    if damaged and repair:
        with writing(engine) as connection:
            fulltext.make_again(connection)
    meaning = f"an index of the search that is damaged or gone ({damaged}); repaired, it is made again from metadata"
    return Finding("index", meaning, int(bool(damaged)), repair and bool(damaged))


def _fill_index(engine: sa.Engine) -> None:
    for ids in _pages(engine):
        with writing(engine) as connection:
            _index_again(connection, ids)


def _index(engine: sa.Engine, repair: bool, left_out: Collection[int]) -> Finding:
    """The index says what the metadata says."""
    count = 0
    index = fulltext.media_search.c
    for ids in _pages(engine):
        with _transaction(engine, repair) as connection:
            # One that is still to be told of is written into the index with that, as above.
            settled = sa.select(media_files.c.id).where(media_files.c.id.in_(ids), ~media_files.c.event_due)
            known = connection.execute(sa.select(index.rowid).where(index.rowid.in_(settled))).scalars().all()
            orders = priorities.load(connection)
            wanted = documents.of(connection, [file_id for file_id in known if file_id not in left_out], orders)
            stale = fulltext.stale(connection, wanted)
            count += len(stale)
            if stale and repair:
                fulltext.index(connection, stale)
    return Finding("index", "files that the search knows by old metadata", count, repair)


def _jobs(engine: sa.Engine, repair: bool) -> Finding:
    with _transaction(engine, repair) as connection:
        count = jobs.fail_interrupted(connection) if repair else len(jobs.interrupted(connection))
    return Finding(
        "jobs", "scans whose host was killed: the next scan goes on from there", count, repair, harmless=True
    )


def _tables(engine: sa.Engine) -> Finding:
    """Whether all tables are there but for the search's, which can be made again."""
    with reading(engine) as connection:
        inspector = sa.inspect(connection)
        gone = sorted(metadata.tables.keys() - set(inspector.get_table_names()))
    meaning = f"tables that are gone ({', '.join(gone)}): restore a backup, or move the database away and scan again"
    return Finding("database", meaning, len(gone))


def _sound(engine: sa.Engine) -> Finding:
    """What SQLite says of its own file; PostgreSQL keeps watch over its files itself."""
    problems: list[object] = []
    if engine.dialect.name == "sqlite":
        with reading(engine) as connection:
            problems = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
    return Finding("database", "damages of the file: restore a backup, or move it away and scan again", len(problems))


def _transaction(engine: sa.Engine, repair: bool) -> AbstractContextManager[sa.Connection]:
    return writing(engine) if repair else reading(engine)


def _pages(engine: sa.Engine) -> Iterator[Sequence[int]]:
    """The ids of all files, some at a time."""
    after = 0
    while True:
        page = sa.select(media_files.c.id).where(media_files.c.id > after).order_by(media_files.c.id).limit(PAGE)
        with reading(engine) as connection:
            ids = connection.execute(page).scalars().all()
        if not ids:
            return
        yield ids
        after = ids[-1]


def _delete(table: sa.Table, key: sa.Column[int] | None = None) -> Repair:
    column = table.c.id if key is None else key
    return lambda connection, ids: connection.execute(sa.delete(table).where(column.in_(ids)))


def _index_again(connection: sa.Connection, ids: Sequence[int]) -> None:
    documents.index_again(connection, ids, priorities.load(connection))


def _is_json(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
