"""Opens a picture's file, and limits the bytes and the time of reading, whatever the file claims."""

from __future__ import annotations

import io
import os
import time
from typing import TYPE_CHECKING

from viewra.sdk.files import FileError, open_regular

from .limits import Limits

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class ImageFileError(FileError):
    """A file that cannot be read as a picture. The message is the reason in one line, without the path."""


class Source(io.RawIOBase):
    """A regular file; past its bounds every read raises ``ImageFileError``."""

    def __init__(self, descriptor: int, limits: Limits) -> None:
        super().__init__()
        self._file = io.FileIO(descriptor, closefd=True)
        self._limits = limits
        self._bytes_left = limits.read_bytes
        self._give_up_at = time.monotonic() + limits.seconds

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill ``buffer`` as far as there are bytes."""
        self._bytes_left -= memoryview(buffer).nbytes
        if self._bytes_left < 0:
            raise ImageFileError(f"it has more than {self._limits.read_bytes >> 20} MiB to read")
        if time.monotonic() > self._give_up_at:
            raise ImageFileError(f"given up after {self._limits.seconds:g} s of reading")
        return self._file.readinto(buffer) or 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to ``offset``, as for any file."""
        return self._file.seek(offset, whence)

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether ``seek`` works: yes."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def open_source(path: str, limits: Limits) -> io.BufferedReader:
    """Open a regular file that is not empty; raises ``ImageFileError``, also for a pipe, which would block for ever."""
    descriptor, status = open_regular(path, ImageFileError)
    try:
        if status.st_size == 0:
            raise ImageFileError("the file is empty")
        return io.BufferedReader(Source(descriptor, limits))
    except BaseException:
        os.close(descriptor)
        raise
