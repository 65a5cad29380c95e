"""One host per data directory: a lock on a file that also says which process holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from pathlib import Path
from typing import Self

from viewra.errors import LockedError, ViewraError


class DataLock:
    """Holds ``<data_dir>/host.lock`` from construction to ``close``; the kernel frees it when the process dies.

    Raises LockedError, which names the process that holds it, or ViewraError when the file cannot be made.
    """

    def __init__(self, data_dir: Path) -> None:
        path = data_dir / "host.lock"
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ViewraError(
                f"{path}: {error.strerror}", hint="give a data directory that you can write to: --data-dir DIR"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 4096, 0).decode("utf-8", "replace").strip() or "another process"
            os.close(self._descriptor)
            raise LockedError(
                f"{data_dir} is in use by {holder}",
                hint="wait until it has ended, or give this one another data directory: --data-dir DIR",
            ) from error
        os.ftruncate(self._descriptor, 0)
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
        os.pwrite(self._descriptor, f"process {os.getpid()} ({command})".encode("utf-8", "backslashreplace"), 0)

    def close(self) -> None:
        """Give the lock up; closing twice is fine."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
