"""The own way to the host of the handshake line, and of the request for its services, past what a plugin prints.

A duplicate of descriptor 1 is taken when ``viewra.sdk`` is first imported, or by viewra's launcher before that; it is
closed as soon as it is not needed. Programs that the plugin starts do not inherit it. Under viewra's launcher
descriptor 1 is stderr until the handshake: what is printed is logged, and cannot be taken for the handshake line.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys

from viewra.codec.protocol import COOKIE_KEY, STDOUT, started_by_viewra
from viewra.transport.handshake import REQUEST

_LOWEST = 10  # above the standard streams, which the plugin may have closed and reopened


def _take() -> int | None:
    """The duplicate; None in a process that no host started, or whose stdout is closed."""
    if COOKIE_KEY not in os.environ:
        return None
    plugin, _, kept = os.environ.pop(STDOUT, "").partition(" ")
    if plugin == str(os.getpid()) and kept:
        return int(kept)
    try:
        taken = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, _LOWEST)
    except OSError:
        return None
    if plugin == str(os.getpid()):
        with contextlib.suppress(OSError):  # stderr is closed
            os.dup2(2, 1)
    return taken


def take() -> None:
    """Take the duplicate. Only a fork of the zygote, which imported this module for all plugins, calls it again."""
    global _descriptor
    _descriptor = _take()


_descriptor: int | None = None
_pipe: tuple[int, int] | None = None  # which file it is: a plugin's code may close what it does not know
take()


def announce(line: str, *, keep: bool = False) -> None:
    """Write the handshake line, once; ``keep`` what ``request`` needs. Raises OSError if it cannot be written."""
    global _descriptor, _pipe
    with contextlib.suppress(Exception):  # the plugin's earlier output comes first
        assert sys.__stdout__ is not None  # noqa: S101 - it is None for a process without stdout
        sys.__stdout__.flush()
    if _descriptor is None:  # not to 1 itself, which may be another file by now
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    # A host of viewra's takes the line wherever it comes, so it can be set apart from a line that has not ended; any
    # other host wants it to be the first line.
    if started_by_viewra(os.environ) and _is_stderr():
        os.write(1, b"\n")  # a record must not follow on text without a line end
    data = ("\n" if started_by_viewra(os.environ) else "") + line + "\n"
    _write(_descriptor, data)
    if _is_stderr():
        os.dup2(_descriptor, 1)
    if keep:
        _pipe = _file(_descriptor)
    else:
        _close()


def request() -> None:
    """Ask the host for the stream of host services, once. Raises OSError."""
    if _descriptor is None or _file(_descriptor) != _pipe:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    try:
        _write(_descriptor, f"\n{REQUEST}\n")  # after what a plugin prints without a line end
    finally:
        _close()


def _close() -> None:
    global _descriptor
    if _descriptor is not None:
        os.close(_descriptor)
    _descriptor = None


def _write(descriptor: int, text: str) -> None:
    left = memoryview(text.encode())
    while left:
        left = left[os.write(descriptor, left) :]


def _file(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _is_stderr() -> bool:
    """Whether stdout is stderr; any other file is what the plugin's code wants it to be."""
    try:
        return os.path.sameopenfile(1, 2)
    except OSError:
        return False
