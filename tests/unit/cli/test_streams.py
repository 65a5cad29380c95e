"""Errors of standard streams name the stream; closed and full ones lead to a defined exit status."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from viewra.cli._streams import _Errors, _Named


@contextmanager
def opened(path: str, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def test_an_error_names_the_stream() -> None:
    with opened("/dev/full", os.O_WRONLY) as full, pytest.raises(OSError, match="standard output") as caught:
        _Named(full, "w", "standard output").write(b"x")
    assert caught.value.errno == errno.ENOSPC


def test_reading_from_what_was_closed_names_the_stream() -> None:
    for read in (_Named.readall, lambda stream: stream.readinto(bytearray(8))):
        with opened(os.devnull, os.O_WRONLY) as closed, pytest.raises(OSError, match="standard input") as caught:
            read(_Named(closed, "r", "standard input"))
        assert caught.value.errno == errno.EBADF


def test_what_stderr_cannot_take_is_lost_and_ends_nothing() -> None:
    with opened("/dev/full", os.O_WRONLY) as full:
        assert _Errors(full, "w", "standard error").write(b"abc") == 3


def test_a_stream_that_another_program_set_to_not_block_is_waited_for() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    while True:
        try:
            os.write(write, bytes(4096))
        except BlockingIOError:
            break
    reader = threading.Timer(0.05, lambda: os.read(read, 1 << 20))
    reader.start()
    try:
        assert _Named(write, "w", "standard output").write(b"x" * 4096) == 4096
    finally:
        reader.join()
        os.close(read)
        os.close(write)
