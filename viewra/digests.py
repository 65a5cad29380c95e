"""The digest of a directory: SHA-256 over its contents, for hashes of plugins' code and for pins.

The caller chooses the entries: a pin covers all that could be loaded, the hash of code only what affects behaviour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

FILE, PROGRAM, LINK, FOLDER = b"f", b"x", b"l", b"d"
"""The kinds of entries."""


def directory_digest(entries: Iterable[tuple[bytes, bytes, bytes]]) -> str:
    """The digest, in hexadecimal, of entries: name relative to the directory, kind, and digest of the content."""
    total = hashlib.sha256()
    for name, kind, content in sorted(entries):
        total.update(kind + len(name).to_bytes(4, "big") + name + content)
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """The digest of a file, in hexadecimal. Raises OSError if it is unreadable."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
