"""Verifies that files, rows, jobs and the search index agree, and repairs differences.

viewra's transactions prevent most of these faults: they come from a failed disk, a partly restored backup, or manual
changes of the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.catalogue_tables import catalogue
from viewra.db.every_table import metadata as schema
from viewra.db.tables import directories, file_metadata, libraries, media_files, other_paths, scan_events
from viewra.db.task_tables import put_metadata
from viewra.db.transactions import reading, writing
from viewra.library import documents, fulltext, jobs, outcomes, priorities
from viewra.library.catalogue import store
from viewra.types import ScanEventKind

PAGE = 500

Repair = Callable[[sa.Connection, Sequence[int]], object]

Step = Callable[[str, int], object]
"""Called before each part of the work with what is checked and how many rows of it were; may raise to end it."""


def untold(_what: str, _rows: int) -> None:
    """The step of a verification whose progress nobody follows."""


@attrs.frozen
class Finding:
    """The result of one check: ``count`` faults, ``repaired`` or not; ``harmless`` ones vanish without repair."""

    check: str
    meaning: str
    count: int
    repaired: bool = False
    harmless: bool = False


@attrs.frozen
class _Check:
    """One check: ``wrong`` selects the ids of faulty rows, and ``repair`` repairs them."""

    name: str
    meaning: str
    wrong: sa.Select[int]
    repair: Repair
    harmless: bool = False
    of_index: bool = False


def verify(engine: sa.Engine, *, repair: bool = False, step: Step = untold) -> list[Finding]:
    """Check everything, and repair it if requested. Returns the findings; empty if all agrees.

    It works beside a scan. Raises ``DatabaseError``, and what ``step`` raises.
    """
    step("database", 0)
    gone = _tables(engine)
    if gone.count:  # the other checks need them
        return [gone]
    whole = _whole_index(engine, repair)
    checks = tuple(_checks())
    found = [_sound(engine), *(_run(engine, check, repair, step) for check in checks if not check.of_index)]
    unreadable = _metadata(engine, repair, step)
    meaning = "metadata that cannot be read; once repaired, the next scan reads the files again"
    found += [Finding("metadata", meaning, len(unreadable), repair), whole]
    if whole.repaired:
        _fill_index(engine, step)
    if whole.repaired or not whole.count:
        found += [_run(engine, check, repair, step) for check in checks if check.of_index]
        found.append(_index(engine, repair, set() if repair else unreadable, step))
    found.append(_jobs(engine, repair))
    return [finding for finding in found if finding.count]


def _checks() -> Iterator[_Check]:
    """In an order in which one repair may leave work for the next."""
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
    metadata = file_metadata.c.media_file_id
    lost = sa.select(metadata).where(~sa.exists().where(media_files.c.id == metadata)).distinct()
    yield _Check("metadata", "metadata of deleted files", lost, _delete(file_metadata, metadata))
    put = put_metadata.c.media_file_id
    lost = sa.select(put).where(~sa.exists().where(media_files.c.id == put)).distinct()
    yield _Check("metadata", "put metadata of deleted files", lost, _delete(put_metadata, put))
    indexed = fulltext.media_search.c.rowid
    catalogued = catalogue.c.media_file_id
    there = sa.select(media_files.c.id).where(media_files.c.missing_since.is_(None))
    orphans = sa.select(indexed).where(indexed.not_in(there))
    yield _Check("index", "deleted files in the search index", orphans, fulltext.forget, of_index=True)
    lost = sa.select(catalogued).where(catalogued.not_in(there))
    yield _Check("catalogue", "files in the catalogue that are no more", lost, store.forget, of_index=True)
    nowhere = sa.or_(media_files.c.id.not_in(sa.select(indexed)), media_files.c.id.not_in(sa.select(catalogued)))
    unknown = there.where(nowhere)
    # Files with pending events are indexed with those: a scan was interrupted, or is running.
    unknown = unknown.where(~media_files.c.event_due)
    yield _Check("index", "files that are not in the search index", unknown, _index_again, of_index=True)
    gone = sa.select(scan_events.c.id).where(
        scan_events.c.kind == ScanEventKind.FILE,
        ~sa.exists().where(media_files.c.id == scan_events.c.media_file_id),
    )
    yield _Check("events", "notifications of deleted files", gone, _delete(scan_events), harmless=True)
    empty = sa.select(directories.c.id).where(
        ~sa.exists().where(media_files.c.directory_id == directories.c.id),
        ~sa.exists().where(other_paths.c.directory_id == directories.c.id),
    )
    yield _Check("directories", "folders without files", empty, _delete(directories), harmless=True)


def _run(engine: sa.Engine, check: _Check, repair: bool, step: Step) -> Finding:
    (key,) = check.wrong.selected_columns
    count = after = 0
    while True:
        step(check.name, count)
        page = check.wrong.where(key > after).order_by(key).limit(PAGE)
        with _transaction(engine, repair) as connection:
            ids = connection.execute(page).scalars().all()
            if ids and repair:
                check.repair(connection, ids)
        if not ids:
            return Finding(check.name, check.meaning, count, repair and count > 0, check.harmless)
        after = ids[-1]
        count += len(ids)


def _metadata(engine: sa.Engine, repair: bool, step: Step) -> set[int]:
    """Files whose metadata is not JSON; the repair marks them as unread."""
    unreadable: set[int] = set()
    for ids in _pages(engine, "metadata", step):
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
    """Whether the index exists and is consistent; the repair replaces it with an empty one, to be filled."""
    with reading(engine) as connection:
        damaged = fulltext.damage(connection)
    if damaged and repair:
        with writing(engine) as connection:
            fulltext.make_again(connection)
    meaning = f"a damaged or missing search index ({damaged}); the repair rebuilds it from metadata"
    return Finding("index", meaning, int(bool(damaged)), repair and bool(damaged))


def _fill_index(engine: sa.Engine, step: Step) -> None:
    for ids in _pages(engine, "index", step):
        with writing(engine) as connection:
            _index_again(connection, ids)


def _index(engine: sa.Engine, repair: bool, left_out: Collection[int], step: Step) -> Finding:
    """Compare the index with the metadata."""
    count = 0
    index = fulltext.media_search.c
    for ids in _pages(engine, "index", step):
        with _transaction(engine, repair) as connection:
            # Files with pending events are indexed with those, as above.
            settled = sa.select(media_files.c.id).where(media_files.c.id.in_(ids), ~media_files.c.event_due)
            known = connection.execute(sa.select(index.rowid).where(index.rowid.in_(settled))).scalars().all()
            orders = priorities.load(connection)
            wanted = documents.of(connection, [file_id for file_id in known if file_id not in left_out], orders)
            stale = {row["rowid"] for row in fulltext.stale(connection, [one.words for one in wanted])}
            stale |= store.stale(connection, [one.entry for one in wanted])
            count += len(stale)
            if stale and repair:
                documents.write(connection, [one for one in wanted if one.entry.media_file_id in stale])
    return Finding("index", "files with old metadata in the search index", count, repair)


def _jobs(engine: sa.Engine, repair: bool) -> Finding:
    with _transaction(engine, repair) as connection:
        count = jobs.fail_interrupted(connection) if repair else len(jobs.interrupted(connection))
    return Finding(
        "jobs", "scans whose host was killed: the next scan continues from there", count, repair, harmless=True
    )


def _tables(engine: sa.Engine) -> Finding:
    """Check that all tables exist, except the search's, which can be made again."""
    with reading(engine) as connection:
        gone = sorted(schema.tables.keys() - set(sa.inspect(connection).get_table_names()))
    meaning = f"tables that are gone ({', '.join(gone)}): restore a backup, or move the database away and scan again"
    return Finding("database", meaning, len(gone))


def _sound(engine: sa.Engine) -> Finding:
    """SQLite's check of its own file; PostgreSQL guards its files itself."""
    problems: list[object] = []
    if engine.dialect.name == "sqlite":
        with reading(engine) as connection:
            rows = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
            # From SQLite 3.44 on it checks the search index too, which `_whole_index` does.
            problems = [row for row in rows if row != "ok" and "inverted index for FTS" not in row]
    return Finding(
        "database", "faults of the database file: restore a backup, or move it away and scan again", len(problems)
    )


def _transaction(engine: sa.Engine, repair: bool) -> AbstractContextManager[sa.Connection]:
    return writing(engine) if repair else reading(engine)


def _pages(engine: sa.Engine, what: str, step: Step) -> Iterator[Sequence[int]]:
    """The ids of all files, in pages."""
    after = count = 0
    while True:
        step(what, count)
        page = sa.select(media_files.c.id).where(media_files.c.id > after).order_by(media_files.c.id).limit(PAGE)
        with reading(engine) as connection:
            ids = connection.execute(page).scalars().all()
        if not ids:
            return
        yield ids
        after = ids[-1]
        count += len(ids)


def _delete(table: sa.Table, key: sa.Column[int] | None = None) -> Repair:
    column = table.c.id if key is None else key
    return lambda connection, ids: connection.execute(sa.delete(table).where(column.in_(ids)))


def _index_again(connection: sa.Connection, ids: Sequence[int]) -> None:
    documents.write_again(connection, ids, priorities.load(connection))


def _is_json(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
