"""Verifies that a plugin's code is the pinned one: SHA-256 of its program, or of its whole directory.

The program is hashed through the descriptor that is then executed, so a file that is replaced in between is never run.
The caller stores the pins.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from pathlib import Path

from viewra.digests import FILE, FOLDER, LINK, PROGRAM, directory_digest, file_digest
from viewra.errors import HandshakeError

_UNPINNED = frozenset({"__pycache__"})


def tree_digest(directory: Path) -> str:
    """SHA-256 over every path, kind, executable bit and content below a directory, in hexadecimal.

    A symbolic link counts by its target's path only: the target's content is not pinned. ``__pycache__`` is left out,
    since Python rewrites it: users of the digest start Python with ``PYTHONPYCACHEPREFIX`` elsewhere, so that nothing
    in it is loaded. Raises OSError if something cannot be read.
    """
    return directory_digest(entry for name, path in _below(directory) if (entry := _entry(name, path)) is not None)


def _entry(name: bytes, path: Path) -> tuple[bytes, bytes, bytes] | None:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        return name, LINK, hashlib.sha256(os.fsencode(path.readlink())).digest()
    if stat.S_ISREG(found.st_mode):
        return name, PROGRAM if found.st_mode & stat.S_IXUSR else FILE, bytes.fromhex(file_digest(path))
    if stat.S_ISDIR(found.st_mode):
        return name, FOLDER, bytes(32)
    return None  # sockets and pipes contain no code


def open_verified(path: Path, pinned: str) -> int:
    """Open a program whose SHA-256 is ``pinned``. The caller closes the descriptor (``LaunchPlan.executable``).

    Raises HandshakeError (step ``verify``), which names both digests.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise HandshakeError(f"{path} cannot be verified: {error.strerror}", step="verify") from error
    with open(descriptor, "rb", closefd=False) as stream:
        try:
            require_digest(str(path), hashlib.file_digest(stream, "sha256").hexdigest(), pinned)
        except BaseException:
            os.close(descriptor)
            raise
    return descriptor


def require_digest(what: str, found: str, pinned: str) -> None:
    """Raise HandshakeError (step ``verify``) unless both digests are equal, in upper or lower case."""
    if not hmac.compare_digest(found.lower().encode(), pinned.strip().lower().encode()):
        raise HandshakeError(
            f"{what} differs from its pin: its SHA-256 is {found}, the pinned one {pinned}",
            step="verify",
            hint="pin it again if you changed it, otherwise restore it",
        )


def _below(directory: Path) -> list[tuple[bytes, Path]]:
    entries: list[tuple[bytes, Path]] = []

    def refuse(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(directory, onerror=refuse):
        folders[:] = [name for name in folders if name not in _UNPINNED]
        paths = [Path(folder, name) for name in (*folders, *files)]
        entries.extend((os.fsencode(path.relative_to(directory)), path) for path in paths)
    return entries
