"""Opens files that somebody else named or made, if they are plain: a pipe would never end, nor would a device."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO


def open_plain(path: Path) -> IO[bytes]:
    """Open a file to read; raises OSError, also for what is no plain file."""
    return plain(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), str(path))


def plain(descriptor: int, name: str) -> IO[bytes]:
    """The open file, which it closes; raises OSError, and closes it, if it is no plain one."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ENODEV, "this is no plain file", name)
    return open(descriptor, "rb")
