"""Proof that a plugin's code is what the operator pinned: SHA-256 of its program, or of its whole directory.

The program is hashed through the descriptor that is then executed, so a file that is swapped in between is never run.
Where pins are kept is not known here.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from pathlib import Path

from viewra.errors import HandshakeError

_UNPINNED = frozenset({"__pycache__"})


def file_digest(path: Path) -> str:
    """SHA-256 of one file, in hexadecimal; raises OSError when it cannot be read."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_digest(directory: Path) -> str:
    """SHA-256 over every path, kind, executable bit and content below a directory, in hexadecimal.

    A symbolic link counts by its target's name alone: what it leads to outside is not pinned. ``__pycache__`` is left
    out, since it changes by itself: whoever relies on the digest starts Python with ``PYTHONPYCACHEPREFIX`` elsewhere,
    so that nothing there is ever loaded. Raises OSError when something cannot be read.
    """
    total = hashlib.sha256()
    for name, path in sorted(_below(directory)):
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            kind, content = b"l", hashlib.sha256(os.fsencode(path.readlink())).digest()
        elif stat.S_ISREG(found.st_mode):
            kind = b"x" if found.st_mode & stat.S_IXUSR else b"f"
            content = bytes.fromhex(file_digest(path))
        elif stat.S_ISDIR(found.st_mode):
            kind, content = b"d", bytes(32)
        else:  # a socket or a pipe is no code
            continue
        total.update(kind + len(name).to_bytes(4, "big") + name + content)
    return total.hexdigest()


def open_verified(path: Path, pinned: str) -> int:
    """Open a program whose SHA-256 is ``pinned``; the descriptor is for ``LaunchPlan.executable``, then closed.

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
    """Raise HandshakeError (step ``verify``) unless both digests are the same; letters may be of either case."""
    if not hmac.compare_digest(found.lower().encode(), pinned.strip().lower().encode()):
        raise HandshakeError(
            f"{what} is not what was pinned: its SHA-256 is {found}, the pinned one {pinned}",
            step="verify",
            hint="pin it again if you changed it, else restore it",
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
