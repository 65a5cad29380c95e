"""``open_regular``: opens a file of the library, whatever it turns out to be."""

from __future__ import annotations

import os
import stat


class FileError(ValueError):
    """A file that cannot be read. The message is the reason in one line of valid Unicode, at most 300 characters.

    Plugins derive an error of their own from it. The path is not in the message: who reports the error has it.
    """

    def __init__(self, message: str) -> None:
        plain = message.encode("utf-8", "backslashreplace").decode()
        super().__init__(" ".join(plain.split())[:300])


def open_regular(path: str, error: type[FileError] = FileError) -> tuple[int, os.stat_result]:
    """Open a regular file for reading: its descriptor, which you close, and its status.

    Raises ``error``, also for a pipe or a device, for which others would wait.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as failure:
        raise error(f"cannot be opened: {failure.strerror or failure}") from failure
    except ValueError as failure:  # Python's own words for it are others in each version
        raise error("cannot be opened: its path has a NUL") from failure
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise error("not a regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status
