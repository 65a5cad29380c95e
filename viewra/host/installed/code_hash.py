"""Decides which files of a plugin's directory are code, and hashes them.

A plugin's results are stored under the hash, so that changed code reads files again; the watcher follows the same
rules.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from viewra.digests import FILE, directory_digest

_DIGITS = 32

_IGNORED_FOLDERS = frozenset({"__pycache__", "tests", "node_modules"})
_IGNORED_FILES = re.compile(
    r"""\.              # hidden, as are vim's .x.swp and emacs's .\#x
    | .*\.(pyc | pyo)$  # compiled
    | .*\.md$           # documents
    | .*~$ | \#.*\#$    # editors' copies
    | 4913$             # vim asks with it whether it may write here
    | .*\.(swp | swo | swx | tmp)$ | .*___jb_(tmp|old)___$  # files that editors write first and then rename
    """,
    re.VERBOSE | re.DOTALL,
)


def code_hash(directory: Path) -> str:
    """Hash of the names and contents of a plugin's files, as 32 hexadecimal digits.

    Caches, hidden files, tests, documents and editors' files do not count: they do not affect the plugin. Special and
    unreadable files count by name.
    """
    entries = []
    for folder, names in code_folders(directory):
        prefix = folder.relative_to(directory)
        entries += [(os.fsencode(prefix / name), FILE, _content(folder / name)) for name in names]
    return directory_digest(entries)[:_DIGITS]


def code_stamp(directory: Path) -> list[tuple[str, str, tuple[int, ...]]]:
    """What ``stat`` says of a plugin's files: folder, name, and numbers that change with the content."""
    return [(str(folder), name, _stat(folder / name)) for folder, names in code_folders(directory) for name in names]


def _stat(file: Path) -> tuple[int, ...]:
    try:
        info = file.stat()
    except OSError:
        return ()
    return info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _content(path: Path) -> bytes:
    try:
        # Not blocking: opening a pipe without a writer would block for ever.
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        pass
    return b""


def code_folders(directory: Path, skipped: Collection[Path] = ()) -> Iterator[tuple[Path, list[str]]]:
    """Each folder of a plugin that can hold code, the plugin's own first, with the names of its files that are code.

    ``skipped`` are folders and files that are none although their names would count.
    """
    for path, folders, names in os.walk(directory):
        folder = Path(path)
        folders[:] = [name for name in sorted(folders) if counts(name, folder=True) and folder / name not in skipped]
        yield folder, [name for name in sorted(names) if counts(name) and folder / name not in skipped]


def counts(name: str, *, folder: bool = False) -> bool:
    """Whether a file or folder of this name in a plugin's directory is code."""
    if folder:
        return name not in _IGNORED_FOLDERS and not name.startswith(".")
    return _IGNORED_FILES.match(name) is None
