"""The short private directory for one host's sockets, and the removal of directories that dead hosts left.

A socket's path has at most 107 bytes, so the directory is never below the data directory. Each host keeps its directory
locked while it lives (systemd-tmpfiles respects the lock, too); the next host removes directories whose lock is free.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import secrets
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from viewra.errors import ViewraError

LONGEST_SOCKET_PATH = 107
"""The longest path in ``sockaddr_un``, in bytes without the terminating NUL."""

_SOCKET_NAME_ROOM = 18  # a slash and "plugin" with the digits that go-plugin adds
_BELOW_BASE_ROOM = 24  # "/" + eight characters + "/" + a counter, rounded up


class RuntimeDir:
    """One host's directory (mode 0700), held until ``close`` (or the end of a ``with`` block), which removes it.

    ``base`` holds the directories of all hosts of this user: ``$XDG_RUNTIME_DIR/viewra`` if that is short and belongs
    to this user, else ``/tmp/viewra-<uid>``. Raises ViewraError if the base is too long, or accessible to other users.
    """

    def __init__(self, base: Path | None = None) -> None:
        self._base = base if base is not None else default_base()
        _make_private(self._base)
        self._numbers = itertools.count(1)
        self._lasting: dict[Path, int] = {}
        self._owner = os.getpid()
        self._making = threading.Lock()
        self.path = self._base / secrets.token_hex(4)
        with _guard(self._base):
            _sweep(self._base)
            self._lock = _made(self.path)

    def ensure(self) -> None:
        """Create the directory again if a cleaner of old files has removed it. Raises ViewraError and OSError."""
        with self._making:
            if self._lock < 0 or self.path.is_dir():
                return
            _make_private(self._base)
            with _guard(self._base):
                lock, self._lock = self._lock, _made(self.path)
            os.close(lock)

    def new_socket_dir(self) -> Path:
        """A new directory (mode 0700) for the sockets of one process; its path leaves room for a socket's name."""
        self.ensure()
        path = self.path / str(next(self._numbers))
        check_socket_path(path / ("x" * (_SOCKET_NAME_ROOM - 1)))
        path.mkdir(0o700)
        return path

    def new_lasting_dir(self) -> Path:
        """As ``new_socket_dir``, but for a process that may outlive this host.

        It stays when the host closes, and is removed when neither a host nor the process holds its lock any more.
        """
        _make_private(self._base)
        with _guard(self._base):
            path = self._base / secrets.token_hex(4)
            check_socket_path(path / ("x" * (_SOCKET_NAME_ROOM - 1)))
            path.mkdir(0o700)
            descriptor = os.open(path, os.O_DIRECTORY)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        self._lasting[path] = descriptor
        return path

    def discard(self, socket_dir: Path) -> None:
        """Remove such a directory and its contents after its process has ended."""
        shutil.rmtree(socket_dir, ignore_errors=True)
        if (descriptor := self._lasting.pop(socket_dir, None)) is not None:
            os.close(descriptor)

    def close(self) -> None:
        """Remove the directory and release the lock. May be called twice. In a fork of the host it does nothing."""
        if self._lock >= 0 and os.getpid() == self._owner:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1
            while self._lasting:
                os.close(self._lasting.popitem()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def default_base() -> Path:
    """The directory in which this user's hosts keep their directories."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if given.startswith("/") and len(os.fsencode(given)) + len("/viewra") + _BELOW_BASE_ROOM + _SOCKET_NAME_ROOM <= (
        LONGEST_SOCKET_PATH
    ):
        with contextlib.suppress(OSError):
            found = Path(given).stat()
            if found.st_uid == os.getuid() and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077:
                return Path(given, "viewra")
    return Path(f"/tmp/viewra-{os.getuid()}")  # noqa: S108 - owner and mode are checked before use


def check_socket_path(path: Path) -> None:
    """Raise ViewraError if this path is too long for a socket."""
    length = len(os.fsencode(path))
    if length > LONGEST_SOCKET_PATH:
        raise ViewraError(
            f"{path}: a socket's path has at most {LONGEST_SOCKET_PATH} bytes, this one has {length}",
            hint="set XDG_RUNTIME_DIR to a shorter directory that only you can enter",
        )


def _make_private(base: Path) -> None:
    try:
        base.mkdir(0o700, parents=True, exist_ok=True)
        found = base.lstat()
    except OSError as error:
        raise ViewraError(f"the runtime directory {base} cannot be made: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ViewraError(
            f"the runtime directory {base} must be a directory that belongs to you and that only you can enter",
            hint=f"remove it, or chmod 700 {base}, or set XDG_RUNTIME_DIR",
        )


def _made(path: Path) -> int:
    """Create a host's directory. Returns the descriptor that holds its lock."""
    path.mkdir(0o700)
    lock = os.open(path, os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


@contextlib.contextmanager
def _guard(base: Path) -> Iterator[None]:
    """Hold the lock of all this user's hosts, so that none removes a directory between its creation and locking."""
    descriptor = os.open(base, os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # a fork that has just begun has a copy, which would hold it
        os.close(descriptor)


def _sweep(base: Path) -> None:
    with os.scandir(base) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                continue
            try:
                descriptor = os.open(entry.path, os.O_DIRECTORY | os.O_NOFOLLOW)
            except OSError:
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(entry.path, ignore_errors=True)
            except BlockingIOError:
                pass  # its host is alive
            finally:
                os.close(descriptor)
