"""A plugin's log on disk: hclog's JSON, one record per line, in a few rotated files.

Writing never blocks the thread that reads the plugin's output: records that the disk does not accept are dropped.
``reader`` reads the files, also in another process at the same time.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from pathlib import Path

log = logging.getLogger("viewra.host")

MAX_BYTES = 5 * 1024 * 1024
"""Bytes after which the next file is started."""
FILES = 3
"""The number of files, including the current one."""


def log_path(data_dir: Path, plugin_id: str) -> Path:
    """The path of a plugin's newest records; older files have ``.1``, ``.2`` … appended."""
    return data_dir / "logs" / f"{plugin_id}.log"


def by_age(path: Path) -> list[Path]:
    """The current file and the earlier ones, newest first, whether they exist or not."""
    return [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, FILES))]


class PluginLogFile:
    """Appends lines to the newest file, which is created with the first line. Thread-safe."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._descriptor: int | None = None
        self._torn = False  # a full disk took part of a line
        self._warned = False
        self._closed = False
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Append one line, given without its line end; a failure is logged once in the host's log."""
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            if self._closed:
                return
            try:
                self._append(data)
            except OSError as error:
                if not self._warned:
                    self._warned = True
                    log.warning("the log %s is incomplete: %s", self._path, error.strerror or error)

    def close(self) -> None:
        """Close the file; later lines are dropped."""
        with self._lock:
            self._closed = True
            self._let_go()

    def _append(self, data: bytes) -> None:
        descriptor = self._ready_for(len(data))
        if self._torn:
            data = b"\n" + data
        written = os.write(descriptor, data)
        self._torn = written < len(data)
        if self._torn:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _ready_for(self, size: int) -> int:
        """The open file with room for ``size`` bytes: the current one, or a new one if that is full or was removed."""
        descriptor = self._open()
        status = os.fstat(descriptor)
        if status.st_nlink and not (status.st_size and status.st_size + size > self._max_bytes):
            return descriptor
        self._let_go()
        if status.st_nlink:
            newest_first = by_age(self._path)
            for younger, older in zip(newest_first[-2::-1], newest_first[:0:-1], strict=True):
                if younger.exists():
                    younger.replace(older)
        self._torn = False
        return self._open()

    def _open(self) -> int:
        if self._descriptor is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Opening must not block, whatever is at this path.
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
            self._descriptor = os.open(self._path, flags, 0o600)
        return self._descriptor

    def _let_go(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
