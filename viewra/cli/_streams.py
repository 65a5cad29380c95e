"""The command's standard streams: all three are there, and an error of one names it, whichever code wrote to it."""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_INPUT, _OUTPUT, _ERRORS = range(3)


class _Named(io.FileIO):
    """A standard stream's bytes; each OSError has the stream's name as its ``filename``."""

    def __init__(self, descriptor: int, mode: str, name: str) -> None:
        super().__init__(descriptor, mode, closefd=False)
        self._what = name

    def write(self, data: Any, /) -> int:
        """As FileIO does."""
        with self._naming():
            while (count := super().write(data)) is None:  # another program set a shared terminal to not block
                select.select([], [self], [])
            return count

    def readinto(self, buffer: Any, /) -> int | None:
        """As FileIO does."""
        with self._naming():
            return super().readinto(buffer)

    def readall(self) -> bytes:
        """As FileIO does."""
        with self._naming():
            return super().readall()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            error.filename = self._what
            raise


class _Errors(_Named):
    """Standard error's bytes; there is no other place to say that they cannot be written, so they are lost."""

    def write(self, data: Any, /) -> int:
        """As FileIO does, but for errors."""
        try:
            return super().write(data)
        except OSError:
            return len(data)


def own_streams() -> None:
    """Replace ``sys.stdin``, ``sys.stdout`` and ``sys.stderr``, and open what is closed of them.

    A file that is opened later, such as a database, must not become standard output. Reading closed input and writing
    to closed output fail as they should; what goes to closed stderr is lost.
    """
    _occupy(_INPUT, os.O_WRONLY)
    _occupy(_OUTPUT, os.O_RDONLY)
    _occupy(_ERRORS, os.O_WRONLY)
    read = io.BufferedReader(_Named(_INPUT, "r", "standard input"))
    sys.stdin = io.TextIOWrapper(read, _encoding(sys.stdin))
    sys.stdout = _writer(_Named(_OUTPUT, "w", "standard output"), sys.stdout, by_line=os.isatty(_OUTPUT))
    sys.stderr = _writer(_Errors(_ERRORS, "w", "standard error"), sys.stderr, by_line=True)


def _occupy(descriptor: int, flags: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, flags)  # takes the lowest number that is free


def _writer(raw: io.FileIO, before: Any, *, by_line: bool) -> io.TextIOWrapper:
    buffer = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffer, _encoding(before), errors="backslashreplace", line_buffering=by_line)


def _encoding(stream: Any) -> str:
    """What the locale, or PYTHONIOENCODING, says of it; it is None where the descriptor was closed."""
    return stream.encoding if stream is not None else "utf-8"
