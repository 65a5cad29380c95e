"""Files that are opened for reading, and what is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from viewra.sdk.files import FileError, open_regular


class Unheard(FileError):
    """As a plugin has one of its own."""


def test_a_file_is_opened_for_reading(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"fLaC")
    descriptor, status = open_regular(str(tmp_path / "a.flac"))
    with open(descriptor, "rb") as file:
        assert (file.read(), status.st_size) == (b"fLaC", 4)
        assert not os.get_inheritable(descriptor)


def test_what_is_no_file_is_told_and_left_open_by_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    before = os.listdir("/proc/self/fd")
    for name, reason in (
        ("none", "cannot be opened: No such file or directory"),
        ("pipe", "not a regular file"),
        ("", "not a regular file"),
        ("a\0b", "cannot be opened: its path has a NUL"),
    ):
        with pytest.raises(Unheard) as caught:
            open_regular(str(tmp_path / name), Unheard)
        assert str(caught.value) == reason
    assert os.listdir("/proc/self/fd") == before


def test_a_reason_is_one_short_line_of_unicode() -> None:
    assert str(FileError("a\n b\t\udcff c")) == "a b \\udcff c"
    assert len(str(FileError("x" * 1000))) == 300
