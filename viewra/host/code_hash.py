"""The hash of a plugin's code: what it made of a file is kept under it, so that changed code reads files again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

_IGNORED_FOLDERS = frozenset({"__pycache__", "tests", "node_modules"})
_IGNORED_ENDINGS = (".pyc", ".pyo", ".md", "~", ".swp", ".tmp")


def code_hash(directory: Path) -> str:
    """Hash of the names and contents of a plugin's files, as 32 hexadecimal digits.

    Caches, hidden files, tests and documents do not count: they change nothing that the plugin does. A file that cannot
    be read counts by its name.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in _files(directory):
        name = os.fsencode(path.relative_to(directory))
        digest.update(len(name).to_bytes(4) + name)
        try:
            content = hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
        except OSError:
            content = b""
        digest.update(content)
    return digest.hexdigest()


def _files(directory: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(name for name in folders if name not in _IGNORED_FOLDERS and not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and not name.endswith(_IGNORED_ENDINGS):
                yield Path(folder, name)
