"""Copies a SQLite database that may be in use, completely or not at all, and keeps the newest copies."""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from viewra.errors import LockedError, MigrationError

KEEP = 5
"""How many backups of one database are kept."""

_DRAFT = ".part"

_MAGIC = bytes.fromhex("d9d505f920a163d7")
"""The last bytes of a rollback journal that names a further one (https://www.sqlite.org/fileformat.html)."""

_TO_BE_RECOVERED = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
"""SQLite's errors where it would have to roll back first, which needs a connection that may write."""


def back_up(source: Path, folder: Path, label: str, *, keep: int = KEEP) -> Path:
    """Copy the database ``source`` into ``folder``, readable only by its owner. Returns the copy's path.

    The copy has everything that was committed when it began. Its name is the database's name with the time (UTC) and
    ``label``, for example the revision. Copies beyond the newest ``keep`` are removed. If nothing has changed since the
    newest copy, its path is returned and no copy is made, so that repeated failures do not push out older copies.
    Raises LockedError while another copy is made in ``folder``, and MigrationError; leaves no partial copy.
    """
    with _alone(source, folder):
        return _back_up(source, folder, label, keep)


def _back_up(source: Path, folder: Path, label: str, keep: int) -> Path:
    name = f"{source.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{label}.db"
    draft = folder / (name + _DRAFT)
    try:
        for left in folder.glob("*" + _DRAFT):  # left by a process that was killed
            shutil.rmtree(left) if left.is_dir() else left.unlink()
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
        with suppress(OSError):
            draft.unlink()
        raise _failed(source, folder, error) from error
    return folder / name


@contextmanager
def _alone(source: Path, folder: Path) -> Iterator[None]:
    """Make the folder, and hold it: drafts of others would be taken for those of a killed process.

    A file system that cannot lock folders, such as NFS, keeps nobody out.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _failed(source, folder, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(f"{source} is being backed up already", hint="wait until that has ended") from None
        except OSError:
            pass
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)  # a process that is just starting may have a copy
    finally:
        os.close(descriptor)


def _failed(source: Path, folder: Path, error: Exception) -> MigrationError:
    reason = getattr(error, "strerror", None) or error
    return MigrationError(
        f"{source} cannot be backed up to {folder}: {reason}",
        hint="free space there and make the folder writable; nothing was changed",
    )


def put_back(copy: Path, target: Path) -> None:
    """Replace ``target`` with ``copy``, atomically. No connection may be using ``target``. Raises OSError."""
    draft = target.with_name(target.name + _DRAFT)
    draft.unlink(missing_ok=True)
    # A link that a plugin laid there, in a folder of its own, must not lead the host to somebody else's file.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(copy, "rb") as source, open(descriptor, "wb") as file:
        shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    _sync(target.parent)


def backups(folder: Path, stem: str) -> list[Path]:
    """The backups of a database, newest first."""
    return sorted(folder.glob(f"{stem}-*.db"), reverse=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a database that a plugin may exchange meanwhile for a link, or for one that has SQLite delete other files.

    So it is opened for reading alone, and must be the file that is there without following a link.
    """
    with closing(_opened(source)) as file:
        try:
            with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as original:
                original.execute("SELECT 1 FROM sqlite_master").fetchone()
                if not _is_open(file):
                    raise OSError(None, "was exchanged for a link")
                _back_up_to(target, original)
                return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _TO_BE_RECOVERED:
                raise
    _copy_recovered(source, target)


def _copy_recovered(source: Path, target: Path) -> None:
    """Roll back what a killed process left, in a private copy of all files of the database."""
    with tempfile.TemporaryDirectory(dir=target.parent, suffix=_DRAFT) as folder:
        copy = Path(folder, "copy.db")
        for suffix in ("", "-wal", "-journal"):
            try:
                file = _opened(source.with_name(source.name + suffix))
            except FileNotFoundError:
                continue
            with closing(file), open(f"{copy}{suffix}", "wb") as own:
                shutil.copyfileobj(file, own)
        _leave_others_alone(Path(f"{copy}-journal"))
        with closing(sqlite3.connect(copy)) as recovered:
            _back_up_to(target, recovered)


def _leave_others_alone(journal: Path) -> None:
    """Cut off the name of a further journal, which SQLite would delete after the rollback, wherever it is."""
    with suppress(FileNotFoundError), open(journal, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        while size >= len(_MAGIC) and os.pread(file.fileno(), len(_MAGIC), size - len(_MAGIC)) == _MAGIC:
            size -= len(_MAGIC)
        file.truncate(size)


def _opened(path: Path) -> BinaryIO:
    """A regular file, to be read. Raises OSError for anything else, links included."""
    file = open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(None, "is not a regular file")
    return file


def _is_open(file: BinaryIO) -> bool:
    """Whether this process has another descriptor of the file, which is then SQLite's: nobody else here opens it."""
    wanted = os.fstat(file.fileno())
    for number in map(int, os.listdir("/proc/self/fd")):
        with suppress(OSError):
            if number != file.fileno() and os.path.samestat(os.fstat(number), wanted):
                return True
    return False


def _back_up_to(target: Path, connection: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
