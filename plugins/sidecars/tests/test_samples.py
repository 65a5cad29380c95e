"""The sidecar files of examples/ give exactly what they were made with, and bad files are refused."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from viewra_plugins.sidecars.service.limits import Limits
from viewra_plugins.sidecars.service.reader import read
from viewra_plugins.sidecars.service.source import SidecarError

from tests import vocabulary
from viewra.types.values import Value

Put = Callable[..., dict[str, Value]]


def test_fields_are_those_the_sample_was_made_with(sample: Path, expected: dict[str, Value]) -> None:
    fields = read(str(sample), Limits())
    assert fields == expected
    vocabulary.check(fields)


def test_bad_files_are_refused_with_a_reason(put: Put, bad: str, bad_content: bytes) -> None:
    with pytest.raises(SidecarError, match=r"\w{3,}"):
        put(bad, bad_content)


def test_a_cue_sheet_of_100_mb_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.cue"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    monkeypatch.setattr("viewra_plugins.sidecars.service.source._decoded", None)
    with pytest.raises(SidecarError, match=r"larger than the 4096 KiB that are allowed \(max_file_kb\)"):
        read(str(path), Limits())


def test_a_pipe_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.cue")
    (tmp_path / "folder.m3u").mkdir()
    for name in ("pipe.cue", "folder.m3u", "absent.nfo", "absent.jpg", "n\0l.srt"):
        with pytest.raises(SidecarError):
            read(str(tmp_path / name), Limits())
