"""The folders that the operator wants in the library, and which part of which one a path means."""

from __future__ import annotations

import os
import time

import attrs
import sqlalchemy as sa

from viewra.db.tables import directories, libraries, media_files
from viewra.db.transactions import reading, writing
from viewra.errors import UsageError, ViewraError
from viewra.library import fulltext, jobs
from viewra.library.paths import absolute, below, display, display_bytes, is_within, join
from viewra.library.walk import signed
from viewra.types import Library


@attrs.frozen
class Scope:
    """What one scan covers: the library ``root`` or the folder ``path`` in it."""

    library_id: int
    root: bytes
    path: bytes

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole library."""
        return self.path == self.root

    def directories(self) -> sa.ColumnElement[bool]:
        """The rows of ``directories`` in it. A range over the bytes of the path serves every database alike."""
        inside = directories.c.library_id == self.library_id
        if self.is_whole:
            return inside
        first = self.path.rstrip(b"/") + b"/"
        after = self.path.rstrip(b"/") + b"0"  # the byte after "/"
        path = directories.c.path
        return sa.and_(inside, sa.or_(path == self.path, sa.and_(path >= first, path < after)))


def list_libraries(engine: sa.Engine) -> list[Library]:
    """All libraries by path, with how many files each holds."""
    files = sa.select(sa.func.count()).where(media_files.c.library_id == libraries.c.id).scalar_subquery()
    with reading(engine) as connection:
        rows = connection.execute(sa.select(libraries.c.id, libraries.c.path, files.label("files"))).all()
    found = [Library(id=row.id, path=os.fsdecode(row.path), files=row.files) for row in rows]
    return sorted(found, key=lambda library: library.path)


def add_library(engine: sa.Engine, path: str) -> Library:
    """Make the folder ``path`` a library, without scanning it.

    Raises ``UsageError`` when it is no folder, is in a library already (that very folder apart) or holds one.
    """
    scope = locate(engine, path)
    if not scope.is_whole:
        raise UsageError(
            f"{display(path)} is in the library {display_bytes(scope.root)} already",
            hint="scan it: only that folder is looked at",
        )
    return Library(id=scope.library_id, path=os.fsdecode(scope.root))


def remove_library(engine: sa.Engine, path: str) -> Library:
    """Forget the library at ``path``, with its files and what is known of them; nothing on the disk is touched.

    Raises ``UsageError`` when no library is there, ``LockedError`` while it is scanned.
    """
    wanted = absolute(path)
    with writing(engine) as connection:
        row = connection.execute(sa.select(libraries).where(libraries.c.path == wanted)).one_or_none()
        if row is None:
            raise UsageError(f"no library at {display(path)}", hint="see them with: viewra library list")
        jobs.refuse_while_scanned(connection, row.id, display(path))
        ids = sa.select(media_files.c.id).where(media_files.c.library_id == row.id)
        count = connection.execute(sa.select(sa.func.count()).select_from(ids.subquery())).scalar_one()
        fulltext.forget_selected(connection, ids)
        connection.execute(sa.delete(libraries).where(libraries.c.id == row.id))
    return Library(id=row.id, path=os.fsdecode(row.path), files=count)


def locate(engine: sa.Engine, path: str) -> Scope:
    """The part of the library that the folder ``path`` is; a folder that is in none becomes a library of its own.

    Raises ``UsageError`` when there is no such folder or it holds a library, ``ViewraError`` when it cannot be read.
    """
    folder = absolute(path)
    _check_readable(folder, display(path))
    real = os.path.realpath(folder)
    with writing(engine) as connection:
        for row in connection.execute(sa.select(libraries.c.id, libraries.c.path)):
            if is_within(folder, row.path):
                return Scope(row.id, row.path, folder)
            known = os.path.realpath(row.path)  # the same folder may be reached by another name
            if is_within(real, known):
                return Scope(row.id, row.path, _same_below(real, known, row.path))
            if is_within(known, real):
                held = display_bytes(row.path)
                raise UsageError(
                    f"{display(path)} holds the library {held}",
                    hint=f"scan {held} by itself, or first: viewra library remove {held}",
                )
        values = {"path": folder, "path_text": display_bytes(folder), "created_at": time.time_ns() // 1000}
        library_id = connection.execute(sa.insert(libraries).values(values).returning(libraries.c.id)).scalar_one()
    return Scope(library_id, folder, folder)


def distinct_folders(paths: list[str]) -> list[str]:
    """``paths`` without those that are, or lie in, another of them: each is one scan job."""
    real = {path: os.path.realpath(os.fsencode(path)) for path in paths}
    kept: list[str] = []
    for path in dict.fromkeys(paths):
        others = [real[other] for other in kept] + [real[other] for other in paths if real[other] != real[path]]
        if not any(is_within(real[path], other) for other in others):
            kept.append(path)
    return kept


def check_folder(path: str) -> None:
    """Raise ``UsageError`` when ``path`` is no folder, ``ViewraError`` when it cannot be read."""
    _check_readable(absolute(path), display(path))


def _same_below(path: bytes, folder: bytes, other: bytes) -> bytes:
    """What ``path`` is in ``folder``, in ``other``."""
    rest = below(path, folder)
    return join(other, rest) if rest else other


def _check_readable(folder: bytes, name: str) -> None:
    try:
        with os.scandir(folder) as entries:
            next(entries, None)
    except FileNotFoundError as error:
        raise UsageError(
            f"{name}: there is no such folder", hint="check the path and that its disk is there"
        ) from error
    except NotADirectoryError as error:
        raise UsageError(f"{name} is not a folder", hint="give the folder that it is in") from error
    except OSError as error:
        raise ViewraError(
            f"{name} cannot be read: {error.strerror}", hint="make it readable for the user that runs viewra"
        ) from error


def refuse_unmounted(engine: sa.Engine, scope: Scope) -> None:
    """Raise ``ViewraError`` when the folder is empty and its files were on another disk: that disk is not mounted."""
    with os.scandir(scope.path) as entries:
        if next(entries, None) is not None:
            return
    known = sa.select(media_files.c.device).join_from(media_files, directories).where(scope.directories())
    with reading(engine) as connection:
        device = connection.execute(known.limit(1)).scalar()
    if device is not None and device != signed(os.stat(scope.path).st_dev):  # noqa: PTH116  (bytes)
        name = display_bytes(scope.path)
        raise ViewraError(
            f"{name} is empty, but files on another disk are known there: is it mounted?",
            hint=f"mount it; if the files are gone for good: viewra library remove {name}",
        )
