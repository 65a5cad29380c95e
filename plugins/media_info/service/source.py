"""Opens a file for parsing, and limits the bytes, reads and time, whatever the file claims."""

from __future__ import annotations

import os
import time
from typing import Self

from viewra.sdk.files import FileError, open_regular

from .limits import Limits

KEPT_BYTES = 8 << 20
"""How much of what was read is kept for ``seen``."""


class MediaFileError(FileError):
    """A file that cannot be read as media. The message is the reason in one line of valid Unicode, without the path."""


class Source:
    """A regular file as PyAV needs it (``read seek tell``); a context manager that closes it.

    Past its bounds every read raises ``MediaFileError``, which also ends a parser that loops over a damaged file.
    """

    def __init__(self, descriptor: int, size: int, limits: Limits) -> None:
        self.size = size
        """Bytes in the file."""
        self._descriptor = descriptor
        self._limits = limits
        self._position = 0
        self._bytes_left = limits.header_bytes
        self._reads_left = limits.reads
        self._give_up_at = time.monotonic() + limits.seconds
        self._kept: list[bytes] = []
        self._kept_bytes = 0

    def read(self, size: int = -1) -> bytes:
        """Read at most ``size`` bytes (all that is left when negative)."""
        left = max(0, self.size - self._position)
        wanted = left if size < 0 else min(size, left)
        self._bytes_left -= wanted
        self._reads_left -= 1
        if self._bytes_left < 0 or self._reads_left < 0:
            raise MediaFileError("its index is too large or in too many parts")
        if time.monotonic() > self._give_up_at:
            raise MediaFileError(f"given up after {self._limits.seconds:g} s of reading")
        content = os.pread(self._descriptor, wanted, self._position)
        self._position += len(content)
        if self._kept_bytes < KEPT_BYTES:
            self._kept.append(content)
            self._kept_bytes += len(content)
        return content

    def at(self, offset: int, size: int) -> bytes:
        """Read ``size`` bytes at ``offset`` without moving; for the plugin's own looks at a file."""
        return os.pread(self._descriptor, size, offset)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to ``offset``, as for any file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError(22, "before the beginning")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def allow(self, size: int) -> None:
        """Let ``size`` more bytes be read; nothing of them is kept for ``seen``."""
        self._bytes_left += size
        self._kept_bytes = KEPT_BYTES

    def seen(self) -> bytes:
        """Return what has been read so far, in the order of reading, at most the first few MiB."""
        return b"".join(self._kept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self._descriptor)


def open_source(path: str, limits: Limits) -> Source:
    """Open a regular file that is not empty; raises ``MediaFileError``, also for a pipe, which would block for ever."""
    descriptor, status = open_regular(path, MediaFileError)
    try:
        if status.st_size == 0:
            raise MediaFileError("the file is empty")
        return Source(descriptor, status.st_size, limits)
    except BaseException:
        os.close(descriptor)
        raise
