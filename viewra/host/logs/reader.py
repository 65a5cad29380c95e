"""Reads a plugin's log files, and follows new records while another process writes them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Self

from viewra.host.logs.file import by_age
from viewra.transport.hclog import LogRecord, parse_line

_CHUNK = 256 * 1024


class PluginLogReader:
    """One pass over a plugin's log; use it in a ``with`` block. Raises OSError for an unreadable file."""

    def __init__(self, path: Path) -> None:
        self._paths = by_age(path)
        self._file: IO[bytes] | None = None  # the file that is being read
        self._rest = b""  # an unfinished line of that file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def exists(self) -> bool:
        """Whether the log exists."""
        return any(path.exists() for path in self._paths)

    def last(self, count: int, wanted: Callable[[LogRecord], bool]) -> list[LogRecord]:
        """The last ``count`` wanted records, oldest first; ``more`` continues after them."""
        found: list[LogRecord] = []
        seen: set[int] = set()  # the files may be rotated meanwhile, so that one comes twice
        for path in self._paths:
            with contextlib.suppress(FileNotFoundError), contextlib.ExitStack() as closing:
                file = closing.enter_context(path.open("rb", buffering=0))
                if (number := _number(file)) in seen:
                    continue
                seen.add(number)
                *lines, rest = file.read().split(b"\n")
                if self._file is None:
                    self._file, self._rest = file, rest
                    closing.pop_all()
                while lines and len(found) < count:
                    found += filter(wanted, _records([lines.pop()]))
            if len(found) >= count:
                break
        return found[::-1]

    def more(self) -> Iterator[LogRecord]:
        """The records added since, also in files rotated meanwhile."""
        while True:
            next_file = self._following()  # looked up first: once it exists, nothing is added to this file
            yield from self._to_end()
            if next_file is None:
                return
            if self._file is not None:
                self._file.close()
            self._file, self._rest = next_file, b""

    def _to_end(self) -> Iterator[LogRecord]:
        if self._file is None:
            return
        if os.fstat(self._file.fileno()).st_size < self._file.tell():  # the file was truncated
            self._file.seek(0)
            self._rest = b""
        while data := self._file.read(_CHUNK):
            *lines, self._rest = (self._rest + data).split(b"\n")
            yield from _records(lines)

    def _following(self) -> IO[bytes] | None:
        """The file after the one that is read, None while that is the newest."""
        own = _number(self._file) if self._file is not None else None
        while True:
            there: list[tuple[Path, int]] = []
            for path in self._paths:
                with contextlib.suppress(FileNotFoundError):
                    there.append((path, path.stat().st_ino))
            numbers = [number for _, number in there]
            age = numbers.index(own) if own in numbers else len(there)
            if not age:
                return None
            path, number = there[age - 1]
            with contextlib.suppress(FileNotFoundError), contextlib.ExitStack() as closing:
                file = closing.enter_context(path.open("rb", buffering=0))
                if _number(file) == number:  # else the files have been rotated since
                    closing.pop_all()
                    return file


def _number(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_ino


def _records(lines: list[bytes]) -> Iterator[LogRecord]:
    """The records in some lines; an incomplete line, left by a full disk, is skipped."""
    for line in lines:
        if line.startswith(b"{") and line.endswith(b"}"):
            yield parse_line(line.decode("utf-8", "backslashreplace"))
