"""The SDK's own way to its host: the handshake line, and later the request for host services."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from viewra.sdk import announce
from viewra.transport.handshake import REQUEST


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The host's end of the pipe in whose other end the SDK writes."""
    read, write = os.pipe()
    monkeypatch.setattr(announce, "_descriptor", write)
    monkeypatch.setattr(announce, "_pipe", None)
    monkeypatch.setattr(announce, "_is_stderr", lambda: False)
    yield read
    os.close(read)
    if announce._descriptor is not None:
        os.close(announce._descriptor)


def test_the_way_is_closed_with_the_handshake_line_unless_it_is_kept(pipe: int) -> None:
    announce.announce("line")
    assert os.read(pipe, 100).strip() == b"line"
    assert os.read(pipe, 100) == b"", "the other end is closed"
    with pytest.raises(OSError, match="Bad file descriptor"):
        announce.request()


def test_a_request_is_a_line_of_its_own_and_closes_the_way(pipe: int) -> None:
    announce.announce("line", keep=True)
    os.read(pipe, 100)
    announce.request()
    assert os.read(pipe, 1000) == f"\n{REQUEST}\n".encode()
    assert os.read(pipe, 100) == b""


def test_a_request_is_written_to_no_file_that_took_the_descriptors_place(pipe: int, tmp_path: Any) -> None:
    announce.announce("line", keep=True)
    os.read(pipe, 100)
    kept = announce._descriptor
    assert kept is not None
    with open(tmp_path / "mine", "wb") as mine:  # as code does that closes all descriptors that it does not know
        os.dup2(mine.fileno(), kept)
    with pytest.raises(OSError, match="Bad file descriptor"):
        announce.request()
    assert (tmp_path / "mine").read_bytes() == b""
