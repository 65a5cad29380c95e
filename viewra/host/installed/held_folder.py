"""Temporary folders that the next process deletes if their own was killed: each is locked as long as it is used."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_LOCK = ".in-use"


@contextlib.contextmanager
def held_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """A new folder in ``parent`` (default: the system's for temporary files) that is deleted at the end.

    Deletes before what killed processes of the same user left under this prefix. Raises OSError.
    """
    parent = parent or Path(tempfile.gettempdir())
    sweep(parent, prefix)
    folder, descriptor = _made(prefix, parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _made(prefix: str, parent: Path) -> tuple[Path, int]:
    """A new folder, and the descriptor that holds its lock; one that a sweep deleted before that is made again."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return folder, descriptor
        os.close(descriptor)


def sweep(parent: Path, prefix: str) -> None:
    """Delete the folders with this prefix that no process holds.

    One without a lock is left: it may just be being made.
    """
    for folder in parent.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
