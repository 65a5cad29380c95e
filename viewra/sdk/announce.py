"""The handshake line's own way to the host, which a plugin's code cannot close, replace, redirect or use.

A duplicate of descriptor 1 is taken when ``viewra.sdk`` is first imported, or by viewra's launcher before that; it is
closed as soon as the line is out. Programs that the plugin starts do not inherit it. Under viewra's launcher descriptor
1 is stderr until then: what is printed is logged, and cannot be taken for the handshake line.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys

from viewra.codec.protocol import COOKIE_KEY, STDOUT, started_by_viewra

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


_descriptor = _take()


def announce(line: str) -> None:
    """Write the handshake line, once. Raises OSError if it cannot be written."""
    global _descriptor
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
    left = memoryview(data.encode())
    while left:
        left = left[os.write(_descriptor, left) :]
    if _is_stderr():
        os.dup2(_descriptor, 1)
    os.close(_descriptor)
    _descriptor = None


def _is_stderr() -> bool:
    """Whether stdout is stderr; any other file is what the plugin's code wants it to be."""
    try:
        return os.path.sameopenfile(1, 2)
    except OSError:
        return False
