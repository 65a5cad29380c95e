"""Packages that try to write elsewhere, to fill the disk or the memory, or to mean another thing on another system."""

from __future__ import annotations

import contextlib
import os
import resource
import stat
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.errors import ViewraError
from viewra.host.packages.names import BadPackage, Limits, Names
from viewra.host.packages.unpacking import copy_folder, unzip

SMALL = Limits(files=50, total=100_000)


def zipped(folder: Path, *members: tuple[str, bytes], mode: int = 0) -> Path:
    archive = folder / "package.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            member = zipfile.ZipInfo("placeholder")
            member.filename, member.external_attr, member.compress_type = name, mode << 16, zipfile.ZIP_DEFLATED
            opened.writestr(member, content)
    return archive


def unpacked(archive: Path, tmp_path: Path) -> dict[str, bytes]:
    target = tmp_path / "files"
    target.mkdir()
    unzip(archive, target, SMALL)
    return {str(one.relative_to(target)): one.read_bytes() for one in target.rglob("*") if one.is_file()}


def test_plain_files(tmp_path: Path) -> None:
    archive = zipped(tmp_path, ("a/", b""), ("a/plugin.cue", b"x"), ("a/bin/run", b"y"), mode=0)
    assert unpacked(archive, tmp_path) == {"a/plugin.cue": b"x", "a/bin/run": b"y"}


def test_a_program_stays_one_and_gets_no_other_rights(tmp_path: Path) -> None:
    unpacked(zipped(tmp_path, ("run", b""), mode=stat.S_IFREG | 0o6777), tmp_path)
    assert stat.S_IMODE((tmp_path / "files" / "run").stat().st_mode) == 0o755


@pytest.mark.parametrize(
    "name",
    [
        *("/etc/passwd", "../out", "a/../../out", "a//b", "./a", "..", "C:/x", "C:x", "a\\..\\b", "\\\\host\\x"),
        *(
            "a\0b",
            "a\nb",
            "a\x1b[2Jb",
            "con",
            "a/AUX.txt",
            "lpt1",
            "a.",
            "a ",
            "a:stream",
            "a?",
            "x" * 256,
            "\u202egpj.exe",
        ),
        "/".join(["d"] * 40),
    ],
)
def test_a_name_that_leads_out_or_means_another_thing_elsewhere(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadPackage, match=r"package.zip is refused"):
        unpacked(zipped(tmp_path, ("plugin.cue", b""), (name, b"evil")), tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["files", "package.zip"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("A", "a"),
        ("dir/x", "DIR/y"),
        ("stra\u00dfe", "STRASSE"),
        ("\u00e9", "e\u0301"),
        ("a", "a"),
        ("a", "a/b"),
        ("a/b", "a"),
    ],
)
def test_two_names_that_are_one_on_some_systems(first: str, second: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the same name twice
        archive = zipped(tmp_path, (first, b"1"), (second, b"2"))
    with pytest.raises(BadPackage):
        unpacked(archive, tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFDIR])
def test_what_is_no_plain_file(kind: int, tmp_path: Path) -> None:
    with pytest.raises(BadPackage, match="is a "):
        unpacked(zipped(tmp_path, ("x", b"/etc/passwd"), mode=kind | 0o777), tmp_path)


def test_a_bomb(tmp_path: Path) -> None:
    with pytest.raises(BadPackage, match="more than 100,000 bytes"):
        unpacked(zipped(tmp_path, ("x", bytes(50_000_000))), tmp_path)
    assert sum(one.stat().st_size for one in (tmp_path / "files").iterdir()) <= SMALL.total


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    archive = zipped(tmp_path, ("x", bytes(5_000_000)))
    raw = archive.read_bytes()
    archive.write_bytes(raw.replace(struct.pack("<L", 5_000_000), struct.pack("<L", 10)))
    with pytest.raises(BadPackage):
        unpacked(archive, tmp_path)
    assert sum(one.stat().st_size for one in (tmp_path / "files").iterdir()) <= SMALL.total


def test_very_many_files(tmp_path: Path) -> None:
    with pytest.raises(BadPackage, match="more than 50 files"):
        unpacked(zipped(tmp_path, *((f"f{number}", b"") for number in range(60))), tmp_path)


@pytest.mark.parametrize("listed", [9 << 20, 0xFFFFFFFF])
def test_a_list_of_files_that_would_fill_the_memory(listed: int, tmp_path: Path) -> None:
    archive = zipped(tmp_path, ("x", b""))
    raw = bytearray(archive.read_bytes())
    struct.pack_into("<L", raw, len(raw) - 22 + 12, listed)
    archive.write_bytes(raw)
    with pytest.raises(BadPackage, match="more files than a plugin has"):
        unpacked(archive, tmp_path)


@pytest.mark.parametrize("cut", [1, 10, 30, 80])
def test_a_damaged_archive(cut: int, tmp_path: Path) -> None:
    archive = zipped(tmp_path, ("x", b"y" * 1000))
    archive.write_bytes(archive.read_bytes()[cut + 1 : -cut or None])
    with pytest.raises(BadPackage):
        unpacked(archive, tmp_path)


@given(st.binary(max_size=200), st.integers(0, 150))
def test_any_damage_is_an_error_of_the_package(noise: bytes, at: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        archive = zipped(Path(name), ("x", b"y" * 100))
        raw = archive.read_bytes()
        archive.write_bytes(raw[:at] + noise + raw[at + len(noise) :])
        with contextlib.suppress(BadPackage):
            unpacked(archive, Path(name))


@given(st.text(max_size=30))
def test_any_name_stays_inside(name: str) -> None:
    try:
        path = Names("p", Limits()).add(name)
    except BadPackage:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert str(path) == name.rstrip("/")


def test_a_folder_without_what_is_not_the_plugins(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for name in ("plugin.cue", "lib/a.py", "lib/__pycache__/a.pyc", ".git/config", ".venv/bin/python", "x.pyc"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    target.mkdir()
    copy_folder(source, target)
    assert {str(one.relative_to(target)) for one in target.rglob("*")} == {"plugin.cue", "lib", "lib/a.py"}


def test_a_folder_with_a_link_or_a_pipe(tmp_path: Path) -> None:
    makes: tuple[Callable[[Path], object], ...] = (lambda path: path.symlink_to("/etc/passwd"), os.mkfifo)
    for number, make in enumerate(makes):
        source, target = tmp_path / f"source{number}", tmp_path / f"target{number}"
        source.mkdir()
        target.mkdir()
        make(source / "x")
        with pytest.raises(BadPackage, match=r"is a (link|pipe)"):
            copy_folder(source, target)


def test_a_folder_that_becomes_a_link_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target, secret = tmp_path / "source", tmp_path / "target", tmp_path / "secret"
    for folder in (source / "lib", target, secret):
        folder.mkdir(parents=True)
    (secret / "key").write_text("secret")
    add = Names.add

    def swap(names: Names, name: str, *, folder: bool = False) -> PurePosixPath:
        if name == "lib":
            (source / "lib").rename(source / "before")
            (source / "lib").symlink_to(secret)
        return add(names, name, folder=folder)

    monkeypatch.setattr(Names, "add", swap)
    with pytest.raises(OSError, match="lib"):
        copy_folder(source, target)
    assert not list(target.rglob("key"))


@pytest.mark.parametrize("name", ["pipe.zip", "zero.zip"])
def test_an_archive_that_never_ends(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.zip")
    (tmp_path / "zero.zip").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="this is no plain file"):
        unpacked(tmp_path / name, tmp_path)


@pytest.mark.parametrize("form", ["archive", "folder"])
def test_what_cannot_be_written_is_the_disks_fault(form: str, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "files"
    for folder in (source / "lib", target):
        folder.mkdir(parents=True)
    (source / "lib" / "a.py").write_bytes(bytes(20_000))
    archive = zipped(tmp_path, ("lib/a.py", bytes(20_000)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))  # Python has no signal for it, but an error
    try:
        with pytest.raises(ViewraError, match=f"^{target}/lib cannot be written to: File too large") as raised:
            unzip(archive, target) if form == "archive" else copy_folder(source, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert raised.value.hint == "free space on its disk and try again"
