"""Moves a library to another folder with its ids and metadata, and detects one that was moved without the command."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.plugin_grants import move_grants
from viewra.db.tables import directories, libraries, media_files
from viewra.db.transactions import reading, writing
from viewra.errors import UsageError
from viewra.library import file_events, jobs
from viewra.library.fingerprint import fingerprint
from viewra.library.found import FoundFile
from viewra.library.libraries import check_folder, get_library, refuse_around
from viewra.library.mime import MediaTypes
from viewra.library.paths import absolute, below, display, display_bytes, is_gone, is_within, join
from viewra.library.walk import Walk
from viewra.types import Library, LibraryEventKind

SAMPLE = 64
"""How many files are compared to recognize a library."""

ROWS_A_TURN = 500


def move_library(engine: sa.Engine, old: str, new: str) -> Library:
    """Record that the library at ``old`` is at ``new`` now; files on the disk are not changed.

    Raises ``UsageError`` if there is no library at ``old`` or no folder at ``new``, if ``new`` is inside another
    library or contains one, or has none of the library's files; ``LockedError`` while it is scanned.
    """
    library = get_library(engine, old)
    check_folder(new)
    before, after = os.fsencode(library.path), absolute(new)
    with writing(engine) as connection:
        jobs.refuse_while_scanned(connection, library.id, display(old))
        _refuse_other_library(connection, library.id, after)
        _refuse_other_files(connection, library.id, before, after)
        row = {"path": after, "path_text": display_bytes(after)}
        connection.execute(sa.update(libraries).where(libraries.c.id == library.id).values(row))
        _move_directories(connection, library.id, before, after)
        _move_files(connection, library.id, before, after)
        move_grants(connection, lambda path: _moved_text(path, before, after))
    return attrs.evolve(library, path=os.fsdecode(after))


def refuse_moved(engine: sa.Engine, path: str) -> None:
    """Raise ``UsageError`` if the folder ``path``, outside all libraries, contains the files of an absent library.

    A sample of its files is compared, by content, with those of libraries whose own folders are absent or contain none
    of them.
    """
    folder = absolute(path)
    with reading(engine) as connection:
        roots = {row.id: row.path for row in connection.execute(sa.select(libraries.c.id, libraries.c.path))}
        if not roots:
            return
    votes: Counter[tuple[int, bytes]] = Counter()
    looked_at = 0
    for path_now, found in islice(_sample(folder), SAMPLE):
        looked_at += 1
        votes.update({(row.library_id, root) for row, root in _moved_from(engine, path_now, found, roots)})
    if not votes:
        return
    (library_id, root), count = votes.most_common(1)[0]
    if 2 * count < looked_at:
        return
    old = display_bytes(roots[library_id])
    raise UsageError(
        f"the files in {display(path)} are those of the library {old}, which no longer has them",
        hint=f"if it moved: viewra library move {old} {display_bytes(root)}; to keep both: viewra library add "
        f"{display(path)}",
    )


def _sample(folder: bytes) -> Iterator[tuple[bytes, FoundFile]]:
    media = MediaTypes()
    for directory in Walk(folder, folder, lambda name: media.by_name(name) is not None):
        for found in directory.files:
            yield join(directory.path, found.name), found


def _moved_from(
    engine: sa.Engine, path: bytes, found: FoundFile, roots: dict[int, bytes]
) -> Iterator[tuple[Any, bytes]]:
    """Absent known files with this content and time, each with the present path of its library's root."""
    try:
        content = fingerprint(path, found.size)[0]
    except OSError:
        return
    table = media_files.c
    select = sa.select(table.library_id, table.name, directories.c.path).join_from(media_files, directories)
    same = select.where(table.fingerprint == content, table.mtime_ns == found.mtime_ns, table.name == found.name)
    with reading(engine) as connection:
        rows = connection.execute(same.limit(SAMPLE)).all()
    for row in rows:
        old = join(row.path, row.name)
        inside = b"/" + below(old, roots[row.library_id])
        if path.endswith(inside) and is_gone(old):
            yield row, path[: -len(inside)] or b"/"


def _refuse_other_library(connection: sa.Connection, library_id: int, folder: bytes) -> None:
    real = os.path.realpath(folder)
    for row in connection.execute(sa.select(libraries.c.id, libraries.c.path)):
        if row.id != library_id and is_within(real, os.path.realpath(row.path)):
            raise UsageError(f"{display_bytes(folder)} is in the library {display_bytes(row.path)}")
    refuse_around(connection, folder, but=library_id)


def _refuse_other_files(connection: sa.Connection, library_id: int, before: bytes, after: bytes) -> None:
    """Raise if none of the library's sampled files is below its new folder."""
    files = sa.select(directories.c.path, media_files.c.name).join_from(media_files, directories)
    files = files.where(media_files.c.library_id == library_id).order_by(media_files.c.id)
    rows = connection.execute(files.limit(SAMPLE)).all()
    if rows and all(is_gone(_moved(join(row.path, row.name), before, after)) for row in rows):
        raise UsageError(
            f"none of {len(rows)} files of {display_bytes(before)} that were looked for is in {display_bytes(after)}",
            hint="name the folder that now has the library's files",
        )


def _moved_text(path: str, before: bytes, after: bytes) -> str | None:
    """Where a folder is that a plugin was granted, if it was in the library."""
    raw = os.fsencode(path)
    return os.fsdecode(_moved(raw, before, after)) if is_within(raw, before) else None


def _move_directories(connection: sa.Connection, library_id: int, before: bytes, after: bytes) -> None:
    rows = connection.execute(
        sa.select(directories.c.id, directories.c.path).where(directories.c.library_id == library_id)
    ).all()
    # One folder may be inside the other: this order keeps two rows from having the same path meanwhile.
    ordered = sorted(rows, key=lambda row: len(row.path), reverse=len(after) > len(before))
    update = sa.update(directories).where(directories.c.id == sa.bindparam("b_id"))
    update = update.values(path=sa.bindparam("b_path"), device=None, mount=None, disks=None)
    if ordered:
        connection.execute(update, [{"b_id": row.id, "b_path": _moved(row.path, before, after)} for row in ordered])


def _move_files(connection: sa.Connection, library_id: int, before: bytes, after: bytes) -> None:
    files = sa.select(media_files.c.id, media_files.c.name, directories.c.path).join_from(media_files, directories)
    files = files.where(media_files.c.library_id == library_id).order_by(media_files.c.id).limit(ROWS_A_TURN)
    update = sa.update(media_files).where(media_files.c.id == sa.bindparam("b_id"))
    last = 0
    while rows := connection.execute(files.where(media_files.c.id > last)).all():
        last = rows[-1].id
        paths = {row.id: join(row.path, row.name) for row in rows}
        texts = [{"b_id": file_id, "b_text": display_bytes(path)} for file_id, path in paths.items()]
        connection.execute(update.values(path_text=sa.bindparam("b_text")), texts)
        fates = [
            file_events.Fate(LibraryEventKind.MOVED, file_id, path, _moved(path, after, before))
            for file_id, path in paths.items()
        ]
        file_events.tell(connection, library_id, fates, together=True)


def _moved(path: bytes, before: bytes, after: bytes) -> bytes:
    """The path in the folder ``after`` that ``path`` had in ``before``."""
    inside = below(path, before) if path != before else b""
    return join(after, inside) if inside else after
