"""Copies a package's files into an empty folder: from a ZIP archive or from a folder, with nothing but plain files."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

from viewra.host.packages.names import Limits, Names
from viewra.host.packages.new_file import disk_named, new_file
from viewra.host.packages.plain_files import open_plain, plain

_BLOCK = 1 << 18
_LEFT_OUT = frozenset({"__pycache__", "node_modules"})
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_END, _END_MARK = struct.Struct("<4s4H2LH"), b"PK\5\6"  # the last record of an archive; its comment may follow
_LOCATOR_BYTES, _LOCATOR_MARK = 20, b"PK\6\7"  # before it in an archive with more than 65,535 files or 4 GiB
_TAIL = _LOCATOR_BYTES + _END.size + 0xFFFF
_LARGEST_DIRECTORY = 8 << 20


def unzip(archive: Path, target: Path, limits: Limits | None = None) -> None:
    """Unpack a ZIP archive into an empty folder.

    Raises BadPackage for an archive that is damaged, too large or contains other than plain files with safe names;
    then the folder may contain some of its files. Raises OSError for one that cannot be read.
    """
    names = Names(archive.name, limits or Limits())
    try:
        with open_plain(archive) as file:
            _require_small_directory(file, names)
            with zipfile.ZipFile(file) as opened:
                for member in opened.infolist():
                    _unzip_one(opened, member, target, names)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        raise names.refused(f"it is damaged: {error}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise names.refused("it is damaged: it names a place before its beginning") from error


def _require_small_directory(file: IO[bytes], names: Names) -> None:
    """Refuse an archive whose list of files alone would fill the memory: ``zipfile`` reads it whole."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
    tail = file.read(_TAIL)
    end = len(tail) - _END.size  # as zipfile looks for it: at the very end, or before a comment
    if not (tail[end : end + 4] == _END_MARK and tail[-2:] == b"\0\0"):
        end = tail.rfind(_END_MARK)
    if end < 0 or len(tail) - end < _END.size:
        raise names.refused("it is no ZIP archive")
    listed = _END.unpack_from(tail, end)[5]
    if listed > _LARGEST_DIRECTORY or tail[max(0, end - _LOCATOR_BYTES) : end][:4] == _LOCATOR_MARK:
        raise names.refused("it lists more files than a plugin has")


def _unzip_one(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, names: Names) -> None:
    raw = getattr(member, "orig_filename", member.filename)  # before zipfile cuts it at a null character
    if "\\" in raw:
        raise names.refused(f"{raw[:200]!r} is no name on every system")
    folder = raw.endswith("/")
    path = target / names.add(raw, folder=folder)
    mode = member.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if kind not in ({0, stat.S_IFDIR} if folder else {0, stat.S_IFREG}):
        raise names.refused(f"{raw[:200]!r} is a {_kind(mode)}")
    if member.flag_bits & _ENCRYPTED:
        raise names.refused(f"{raw[:200]!r} is encrypted")
    if member.compress_type not in _COMPRESSIONS:
        raise names.refused(f"{raw[:200]!r} is compressed in an unusual way")
    if folder:
        _make(path)
        return
    with opened.open(member) as source:
        _write(source, path, names, executable=bool(mode & stat.S_IXUSR))


def copy_folder(source: Path, target: Path, limits: Limits | None = None) -> None:
    """Copy a folder's files into an empty folder, without hidden ones, caches and ``node_modules``.

    Raises BadPackage for links, devices and the like, and for names as ``unzip``; OSError if something is unreadable.
    """
    names = Names(str(source), limits or Limits())
    descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        _copy_below(descriptor, target, names, "")
    finally:
        os.close(descriptor)


def _copy_below(folder: int, target: Path, names: Names, prefix: str) -> None:
    """Copy what is in an open folder. Its owner may replace any name meanwhile: each is opened in it, never a link."""
    with os.scandir(folder) as entries:
        children = sorted(entries, key=lambda entry: entry.name)
    for entry in children:
        if entry.name.startswith(".") or entry.name in _LEFT_OUT or entry.name.endswith((".pyc", ".pyo")):
            continue
        name = f"{prefix}{entry.name}"
        mode = entry.stat(follow_symlinks=False).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise names.refused(f"{name[:200]!r} is a {_kind(mode)}")
        copy = target / names.add(name, folder=stat.S_ISDIR(mode))
        kind = os.O_DIRECTORY if stat.S_ISDIR(mode) else os.O_NONBLOCK
        descriptor = os.open(entry.name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | kind, dir_fd=folder)
        with contextlib.ExitStack() as opened:
            if stat.S_ISDIR(mode):
                opened.callback(os.close, descriptor)
                _make(copy)
                _copy_below(descriptor, target, names, f"{name}/")
            else:
                file = opened.enter_context(plain(descriptor, name))
                _write(file, copy, names, executable=bool(mode & stat.S_IXUSR))


def _write(source: IO[bytes], path: Path, names: Names, *, executable: bool) -> None:
    _make(path.parent)
    with new_file(path) as write:
        while block := source.read(_BLOCK):
            names.count(len(block))
            write(block)
    path.chmod(0o755 if executable else 0o644)


def _make(folder: Path) -> None:
    with disk_named(folder):
        folder.mkdir(parents=True, exist_ok=True)


def _kind(mode: int) -> str:
    kinds = {stat.S_IFLNK: "link", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket", stat.S_IFDIR: "folder"}
    return kinds.get(stat.S_IFMT(mode), "device")
