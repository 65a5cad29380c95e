"""Copies a SQLite database that may be in use, completely or not at all, and keeps the newest copies."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from viewra.errors import MigrationError

KEEP = 5
"""How many backups of one database are kept."""

_DRAFT = ".part"


def back_up(source: Path, folder: Path, label: str, *, keep: int = KEEP) -> Path:
    """Copy the database ``source`` into ``folder``, readable only by its owner. Returns the copy's path.

    The copy has everything that was committed when it began. Its name is the database's name with the time (UTC) and
    ``label``, for example the revision. Copies beyond the newest ``keep`` are removed. If nothing has changed since the
    newest copy, its path is returned and no copy is made, so that repeated failures do not push out older copies.
    Raises MigrationError and leaves no partial copy.
    """
    name = f"{source.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{label}.db"
    draft = folder / (name + _DRAFT)
    try:
        if source.is_symlink():
            raise OSError(None, "is a link")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.glob("*" + _DRAFT):  # left by a process that was killed
            left.unlink()
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        _copy(source, draft)
        if (newest := next(iter(backups(folder, source.stem)), None)) and filecmp.cmp(draft, newest, shallow=False):
            draft.unlink()
            return newest
        _sync(draft)
        draft.rename(folder / name)
        _sync(folder)
        for old in backups(folder, source.stem)[keep:]:
            old.unlink()
    except (OSError, sqlite3.Error) as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        reason = getattr(error, "strerror", None) or error
        raise MigrationError(
            f"{source} cannot be backed up to {folder} before it is changed: {reason}",
            hint="free space there and make the folder writable; nothing was changed",
        ) from error
    return folder / name


def put_back(copy: Path, target: Path) -> None:
    """Replace ``target`` with ``copy``, atomically. No connection may be using ``target``. Raises OSError."""
    draft = target.with_name(target.name + _DRAFT)
    shutil.copyfile(copy, draft)
    draft.chmod(0o600)
    _sync(draft)
    draft.replace(target)
    _sync(target.parent)


def backups(folder: Path, stem: str) -> list[Path]:
    """The backups of a database, newest first."""
    return sorted(folder.glob(f"{stem}-*.db"), reverse=True)


def _copy(source: Path, target: Path) -> None:
    # mode=rw, not ro: SQLite must first roll back the journal that a killed process left.
    with (
        contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as original,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
