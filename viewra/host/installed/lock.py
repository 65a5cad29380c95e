"""Allows one host per data directory: a lock on a file that contains the holder's process."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys
import time
from pathlib import Path
from typing import Self

from viewra.errors import LockedError, ViewraError

_NAME = "host.lock"
_TRIES, _PAUSE_S = 50, 0.002
"""Seconds of patience, since a check (``holder``) holds the lock for a moment."""


class InUse(LockedError):
    """Another process holds the data directory."""


class DataLock:
    """Holds ``<data_dir>/host.lock`` from construction to ``close``; the kernel frees it when the process dies.

    Raises InUse, which names the process that holds it, or ViewraError if the file cannot be created.
    """

    def __init__(self, data_dir: Path) -> None:
        path = data_dir / _NAME
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            hint = "free space on its disk" if full else "give a data directory that you can write to: --data-dir DIR"
            raise ViewraError(f"{path}: {error.strerror}", hint=hint) from error
        for left in reversed(range(_TRIES)):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if left:
                    time.sleep(_PAUSE_S)
                    continue
                name = _named(self._descriptor)
                os.close(self._descriptor)
                raise InUse(
                    f"{data_dir} is in use by {name}",
                    hint="wait until it has ended, or choose another data directory: --data-dir DIR",
                ) from error
        with contextlib.suppress(OSError):  # on a full disk the lock is held without a name in the file
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, this_process().encode("utf-8", "backslashreplace"), 0)

    def close(self) -> None:
        """Release the lock. May be called twice."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)  # a fork that has just begun has a copy, which would hold it
            os.close(self._descriptor)
            self._descriptor = -1

    def let_go(self) -> None:
        """In a forked process: close its copy; the lock stays with the parent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def this_process() -> str:
    """The name of this process in messages."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
    return f"process {os.getpid()} ({command})"


def holder(data_dir: Path) -> str | None:
    """The process that holds the data directory, None if none does."""
    try:
        descriptor = os.open(data_dir / _NAME, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ViewraError(f"{data_dir / _NAME}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _named(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _named(descriptor: int) -> str:
    return os.pread(descriptor, 4096, 0).decode("utf-8", "replace").strip() or "another process"
