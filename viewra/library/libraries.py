"""The operator's libraries, and which part of a library a path refers to."""

from __future__ import annotations

import os
import time
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.tables import directories, libraries, media_files
from viewra.db.transactions import reading, writing
from viewra.errors import NotFound, UsageError, ViewraError
from viewra.library.found import signed
from viewra.library.mounts import Mounts
from viewra.library.paths import absolute, below, display, display_bytes, is_within, join
from viewra.library.scope import Scope
from viewra.types import Library


def list_libraries(engine: sa.Engine) -> list[Library]:
    """All libraries by path, with the numbers of their files and missing files."""
    columns = (libraries.c.id, libraries.c.path, _count(there=True), _count(there=False))
    with reading(engine) as connection:
        rows = connection.execute(sa.select(*columns)).all()
    found = [Library(row.id, os.fsdecode(row.path), row.files, row.missing) for row in rows]
    return sorted(found, key=lambda library: library.path)


def library_paths(engine: sa.Engine) -> dict[int, str]:
    """The paths of all libraries by id, in their order; unlike ``list_libraries`` it counts nothing."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(libraries.c.id, libraries.c.path)).all()
    return dict(sorted(((row.id, os.fsdecode(row.path)) for row in rows), key=lambda one: one[1]))


def _count(*, there: bool) -> sa.Label[int]:
    since = media_files.c.missing_since
    ours = sa.select(sa.func.count()).where(media_files.c.library_id == libraries.c.id)
    files = ours.where(since.is_(None) if there else since.is_not(None))
    return files.scalar_subquery().label("files" if there else "missing")


def add_library(engine: sa.Engine, path: str) -> Library:
    """Make the folder ``path`` a library, without scanning it.

    Raises ``UsageError`` if it is not a folder, is inside another library, or contains one.
    """
    scope = locate(engine, path)
    if not scope.is_whole:
        raise UsageError(
            f"{display(path)} is in the library {display_bytes(scope.root)} already",
            hint="scan it: only that folder will be walked",
        )
    return Library(id=scope.library_id, path=os.fsdecode(scope.root))


def remove_library(engine: sa.Engine, path: str) -> Library:
    """Delete the library at ``path``, with its files and metadata; files on the disk are not changed.

    Raises ``UsageError`` if there is no library there, ``LockedError`` while it is scanned.
    """
    from viewra.library import changes, documents, jobs  # light start
    from viewra.types import LibraryChangeKind

    with writing(engine) as connection:
        row = _at(connection, path)
        jobs.refuse_while_scanned(connection, row.id, display(path))
        changes.note_files(connection, LibraryChangeKind.PURGED, media_files.c.library_id == row.id)
        documents.forget_selected(connection, sa.select(media_files.c.id).where(media_files.c.library_id == row.id))
        connection.execute(sa.delete(libraries).where(libraries.c.id == row.id))
    return Library(row.id, os.fsdecode(row.path), row.files, row.missing)


def get_library(engine: sa.Engine, path: str) -> Library:
    """The library at ``path``. Raises ``UsageError`` if there is none."""
    with reading(engine) as connection:
        row = _at(connection, path)
    return Library(row.id, os.fsdecode(row.path), row.files, row.missing)


def named(engine: sa.Engine, name: str) -> Library:
    """The library at the path ``name``, or the only one whose folder has this name. Raises ``UsageError``."""
    all_of_them = list_libraries(engine)
    path = os.fsdecode(absolute(name))
    found = [one for one in all_of_them if one.path == path] or [
        one
        for one in all_of_them
        if os.path.basename(one.path) == name  # noqa: PTH119  (any text)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        paths = ", ".join(display(one.path) for one in found)
        raise UsageError(f"several libraries are named {name!r}", hint=f"name one by its path: {paths}")
    raise UsageError(f"there is no library {name!r}", hint="see them with: viewra library list")


def _at(connection: sa.Connection, path: str) -> Any:
    columns = (libraries.c.id, libraries.c.path, _count(there=True), _count(there=False))
    row = connection.execute(sa.select(*columns).where(libraries.c.path == absolute(path))).one_or_none()
    if row is None:
        raise NotFound(f"no library at {display(path)}", hint="see them with: viewra library list")
    return row


def find(engine: sa.Engine, path: str) -> Scope | None:
    """The part of a library that ``path`` refers to, existing or not; None if it is outside all libraries."""
    with reading(engine) as connection:
        return _find(connection, absolute(path))


def is_in_library(engine: sa.Engine, path: str) -> bool:
    """Whether ``path``, existing or not, is in a library, or is one."""
    return find(engine, path) is not None


def root_of(engine: sa.Engine, path: str) -> str:
    """The folder of the library that contains ``path``. Raises as ``required``."""
    return os.fsdecode(required(engine, path).root)


def required(engine: sa.Engine, path: str) -> Scope:
    """As ``find``. Raises ``UsageError`` for a path outside all libraries."""
    scope = find(engine, path)
    if scope is None:
        raise NotFound(f"{display(path)} is in no library", hint="see them with: viewra library list")
    return scope


def _find(connection: sa.Connection, folder: bytes) -> Scope | None:
    real = os.path.realpath(folder)
    for row in connection.execute(sa.select(libraries.c.id, libraries.c.path)):
        if is_within(folder, row.path):
            return Scope(row.id, row.path, folder)
        known = os.path.realpath(row.path)  # the same folder may have another name
        if is_within(real, known):
            return Scope(row.id, row.path, _same_below(real, known, row.path))
    return None


def locate(engine: sa.Engine, path: str) -> Scope:
    """The part of a library that the folder ``path`` is; a folder outside all libraries becomes a library.

    A folder that is reached by a link inside its library is the part that it really is: it is scanned by that path.

    Raises ``UsageError`` when there is no such folder or it holds a library, ``ViewraError`` when it cannot be read.
    """
    folder = absolute(path)
    _check_readable(folder, display(path))
    with writing(engine) as connection:
        scope = _find(connection, folder)
        if scope is not None:
            real, known = os.path.realpath(folder), os.path.realpath(scope.root)
            inside = is_within(real, known)
            return attrs.evolve(scope, path=_same_below(real, known, scope.root)) if inside else scope
        refuse_around(connection, folder)
        values = {"path": folder, "path_text": display_bytes(folder), "created_at": time.time_ns() // 1000}
        library_id = connection.execute(sa.insert(libraries).values(values).returning(libraries.c.id)).scalar_one()
    return Scope(library_id, folder, folder)


def refuse_around(connection: sa.Connection, folder: bytes, but: int | None = None) -> None:
    """Raise ``UsageError`` if the folder contains a library other than the one with the id ``but``."""
    real = os.path.realpath(folder)
    for row in connection.execute(sa.select(libraries.c.id, libraries.c.path)):
        if row.id != but and is_within(os.path.realpath(row.path), real):
            held = display_bytes(row.path)
            raise UsageError(
                f"{display_bytes(folder)} contains the library {held}",
                hint=f"scan {held}, or run first: viewra library remove {held}",
            )


def distinct_folders(paths: list[str]) -> list[str]:
    """``paths`` without those equal to, or inside, another of them: one scan job each."""
    real = {path: os.path.realpath(os.fsencode(path)) for path in paths}
    kept: list[str] = []
    for path in dict.fromkeys(paths):
        others = [real[other] for other in kept] + [real[other] for other in paths if real[other] != real[path]]
        if not any(is_within(real[path], other) for other in others):
            kept.append(path)
    return kept


def check_folder(path: str) -> None:
    """Raise ``UsageError`` if ``path`` is not a folder, ``ViewraError`` if it is unreadable."""
    _check_readable(absolute(path), display(path))


def _same_below(path: bytes, folder: bytes, other: bytes) -> bytes:
    """The path in ``other`` that ``path`` has in ``folder``."""
    rest = below(path, folder)
    return join(other, rest) if rest else other


def _check_readable(folder: bytes, name: str) -> None:
    try:
        with os.scandir(folder) as entries:
            next(entries, None)
    except FileNotFoundError as error:
        raise UsageError(
            f"{name}: there is no such folder", hint="check the path, and that its disk is mounted"
        ) from error
    except NotADirectoryError as error:
        raise UsageError(f"{name} is not a folder", hint="name the folder that contains it") from error
    except OSError as error:
        raise ViewraError(
            f"{name} cannot be read: {error.strerror}", hint="make it readable for the user that runs viewra"
        ) from error


def refuse_unmounted(engine: sa.Engine, scope: Scope, mounts: Mounts) -> None:
    """Raise ``ViewraError`` if the folder is empty and its known files are on a disk that is not mounted."""
    with os.scandir(scope.path) as entries:
        if any(not entry.name.startswith(b".") and entry.name != b"lost+found" for entry in entries):
            return
    places = sa.select(directories.c.mount, media_files.c.device).join_from(media_files, directories)
    with reading(engine) as connection:
        known = connection.execute(places.where(scope.directories()).distinct()).all()
    here = os.path.realpath(scope.path)
    device = signed(os.stat(scope.path).st_dev)  # noqa: PTH116  (bytes)
    holding = mounts.holding(here)
    for row in known:
        elsewhere = row.device != device if row.mount is None else mounts.is_lost(row.mount, holding)
        if elsewhere and (row.mount is None or is_within(here, row.mount)):
            name = display_bytes(scope.path)
            raise ViewraError(
                f"{name} is empty, but its known files are on another disk: is it mounted?",
                hint=f"mount it; if it will not come back: viewra library purge --gone {name}",
            )
