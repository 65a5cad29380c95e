"""Opens a file for parsing, and limits the bytes and the number of reads, whatever the file claims."""

from __future__ import annotations

import io
import os
from typing import BinaryIO, Self

from viewra.sdk.files import FileError, open_regular

MAX_BYTES = 96 * 1024 * 1024
"""A tag may hold a large picture, and an ID3 tag is read twice; nothing else that is read comes near."""

MAX_READS = 500_000
"""A fragmented MP4 of ten hours needs some 200,000; a file of nothing but tiny atoms would need millions."""


class AudioFileError(FileError):
    """A file that cannot be read as audio. The message is the reason in one line of valid Unicode, without the path."""


class Source:
    """A binary file as parsers need it (``read seek tell``); a context manager that closes it.

    Past its bounds every read raises ``AudioFileError``, and ``exhausted`` stays true: a parser may swallow the error.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size
        """Bytes in the file."""
        self.exhausted = False
        self._bytes_left = MAX_BYTES
        self._reads_left = MAX_READS

    def read(self, size: int | None = -1) -> bytes:
        """Read at most ``size`` bytes (all that is left when negative or None)."""
        left = max(0, self.size - self._file.tell())
        wanted = left if size is None or size < 0 else min(size, left)
        self._bytes_left -= wanted
        self._reads_left -= 1
        if self._bytes_left < 0 or self._reads_left < 0:
            self.exhausted = True
            raise AudioFileError(f"it has more than {MAX_BYTES >> 20} MiB of tags, or {MAX_READS:,} parts")
        return self._file.read(wanted)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to ``offset``, as for any file."""
        return self._file.seek(offset, whence)

    def at(self, offset: int, size: int) -> bytes:
        """Read at most ``size`` bytes at ``offset``; fewer only at the end of the file."""
        if offset < 0:
            raise AudioFileError("it points outside of itself")
        self._file.seek(min(offset, self.size))
        return self.read(max(size, 0))

    def exactly(self, offset: int, size: int) -> bytes:
        """Read ``size`` bytes at ``offset``. Raises ``EOFError`` when fewer are there."""
        data = self.at(offset, size)
        if len(data) < size:
            raise EOFError
        return data

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._file.close()


def open_source(path: str) -> Source:
    """Open a regular file that is not empty; raises ``AudioFileError``, also for a pipe, which would block for ever."""
    descriptor, status = open_regular(path, AudioFileError)
    try:
        if status.st_size == 0:
            raise AudioFileError("the file is empty")
        return Source(io.BufferedReader(io.FileIO(descriptor, closefd=True)), status.st_size)
    except BaseException:
        os.close(descriptor)
        raise
