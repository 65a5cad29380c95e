"""Keeps a separate descriptor for the handshake line, which the plugin's code cannot close, replace or redirect.

Descriptor 1 is duplicated when ``viewra.sdk`` is first imported, before the plugin's own code can change it. The
duplicate is closed after the handshake line is written, and programs that the plugin starts do not inherit it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys

from viewra.codec.protocol import COOKIE_KEY, started_by_viewra

_LOWEST = 10  # above the standard streams, which the plugin may have closed and reopened


def _take() -> int | None:
    """The duplicate; None in a process that no host started, or whose stdout is closed."""
    if COOKIE_KEY not in os.environ:
        return None
    try:
        return fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, _LOWEST)
    except OSError:
        return None


_descriptor = _take()


def announce(line: str) -> None:
    """Write the handshake line, once. Raises OSError if it cannot be written."""
    global _descriptor
    with contextlib.suppress(Exception):  # the plugin's earlier output comes first
        assert sys.__stdout__ is not None  # noqa: S101 - it is None for a process without stdout
        sys.__stdout__.flush()
    if _descriptor is None:  # not to 1 itself, which may be another file by now
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    # A viewra host finds the line anywhere, so a line break may separate it from an unfinished line; other hosts
    # require it to be the first line.
    data = ("\n" if started_by_viewra(os.environ) else "") + line + "\n"
    left = memoryview(data.encode())
    while left:
        left = left[os.write(_descriptor, left) :]
    os.close(_descriptor)
    _descriptor = None
