from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from viewra.library.walk import FoundDirectory, Walk


def walked(root: Path, library: Path | None = None) -> list[FoundDirectory]:
    return list(Walk(os.fsencode(root), os.fsencode(library or root), lambda name: name.endswith(b".mp3")))


def files(found: list[FoundDirectory], root: Path) -> set[str]:
    return {
        os.path.relpath(os.fsdecode(directory.path + b"/" + file.name), root)
        for directory in found
        for file in directory.files
    }


def faults(found: list[FoundDirectory]) -> dict[str, str]:
    return {Path(os.fsdecode(fault.path)).name: fault.error for directory in found for fault in directory.unreadable}


def test_only_interesting_files_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one.mp3").write_bytes(b"12345")
    (tmp_path / "a" / "b" / "two.mp3").write_bytes(b"")
    (tmp_path / "a" / "notes.txt").write_bytes(b"")
    found = walked(tmp_path)
    assert files(found, tmp_path) == {"a/one.mp3", "a/b/two.mp3"}
    (one,) = next(directory.files for directory in found if directory.path.endswith(b"/a"))
    info = (tmp_path / "a" / "one.mp3").stat()
    assert (one.size, one.mtime_ns, one.device, one.inode) == (5, info.st_mtime_ns, info.st_dev, info.st_ino)


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.mp3"
    with open(name, "wb"):
        pass
    assert walked(tmp_path)[0].files[0].name == b"caf\xe9.mp3"


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "real.mp3").write_bytes(b"123")
    (tmp_path / "lib" / "link.mp3").symlink_to(tmp_path / "real.mp3")
    assert walked(tmp_path / "lib")[0].files[0].size == 3


def test_a_broken_link_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "gone.mp3").symlink_to(tmp_path / "nowhere")
    assert faults(walked(tmp_path)) == {"gone.mp3": "broken symbolic link"}


def test_links_that_lead_to_each_other_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert faults(walked(tmp_path)) == {}


def test_a_link_to_a_folder_that_it_is_in_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "x.mp3").write_bytes(b"")
    (tmp_path / "album" / "up").symlink_to(tmp_path)
    (tmp_path / "album" / "itself").symlink_to(".")
    found = walked(tmp_path)
    assert files(found, tmp_path) == {"album/x.mp3"}
    assert faults(found) == {}


def test_a_link_out_of_the_library_is_followed_once(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "x.mp3").write_bytes(b"")
    (outside / "back").symlink_to(outside)
    root = tmp_path / "lib"
    root.mkdir()
    (root / "first").symlink_to(outside)
    (root / "second").symlink_to(outside)
    found = walked(root)
    assert files(found, root) == {"first/deep/x.mp3"}
    assert faults(found) == {}


def test_a_link_within_the_library_is_left_to_its_real_path(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x.mp3").write_bytes(b"")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "link").symlink_to(tmp_path / "real")
    assert files(walked(tmp_path), tmp_path) == {"real/x.mp3"}
    assert files(walked(tmp_path / "part", tmp_path), tmp_path) == set()


def test_special_files_are_passed_by(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "to_pipe.mp3").symlink_to(tmp_path / "pipe.mp3")
    found = walked(tmp_path)
    assert files(found, tmp_path) == set()
    assert faults(found) == {}


def test_a_folder_that_is_gone_is_not_complete(tmp_path: Path) -> None:
    (directory,) = walked(tmp_path / "gone")
    assert not directory.complete
    assert directory.unreadable[0].error == "vanished while it was scanned"


def test_a_folder_that_may_not_be_read_tells_nothing_of_its_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the folder beneath a disk that is not mounted: the library keeps the place that it knows."""
    (tmp_path / "disk").mkdir()
    real = os.scandir

    def refuse(path: bytes) -> Iterator[os.DirEntry[bytes]]:
        if os.fsencode(path).endswith(b"/disk"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (directory,) = (one for one in walked(tmp_path) if one.path.endswith(b"disk"))
    assert not directory.complete
    assert (directory.device, directory.mount, directory.disk) == (None, None, None)


@pytest.mark.parametrize("year", [1901, 2500])
def test_times_out_of_range_are_kept_within_64_bits(tmp_path: Path, year: int) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(b"")
    os.utime(path, (0, (year - 1970) * 365 * 86400))
    (file,) = walked(tmp_path)[0].files
    assert -(2**63) < file.mtime_ns < 2**63
