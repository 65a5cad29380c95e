"""The files of assets: written completely under another name, then renamed, so that a crash leaves no part of one."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from viewra.assets.content import HEAD
from viewra.errors import ViewraError

Failing = Callable[[], contextlib.AbstractContextManager[None]]


class AssetFiles:
    """The folder with the files, made when the first one is written. One process at a time writes there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._new = directory / "new"
        self._note = directory / "id"

    @property
    def store(self) -> str:
        """The identity of this folder, "" before anything was written."""
        try:
            return self._note.read_text("ascii", "replace").strip()
        except OSError:
            return ""

    def begin(self) -> str:
        """The identity of this folder, which is made if need be. Raises ViewraError."""
        if found := self.store:
            return found
        with self._failing():
            self._new.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = self._new / secrets.token_hex(16)
            try:
                with made.open("xb", buffering=0) as file:
                    file.write(secrets.token_hex(16).encode())
                    os.fsync(file.fileno())
                made.replace(self._note)
                _sync(self.directory)
            finally:
                made.unlink(missing_ok=True)
        return self.store

    @contextlib.contextmanager
    def writing(self) -> Iterator[NewFile]:
        """A new file, which is removed at the end unless it was put in its place. Raises ViewraError."""
        with self._failing():
            self._new.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._new / secrets.token_hex(16)
            file = path.open("xb", buffering=0)
        try:
            yield NewFile(file, path, self._failing)
        finally:
            file.close()
            path.unlink(missing_ok=True)

    def place(self, new: NewFile) -> None:
        """Put a complete file in its place. Raises ViewraError."""
        path = self.path(new.digest)
        with self._failing():
            os.fsync(new.file.fileno())
            made = not path.parent.exists()
            path.parent.mkdir(mode=0o700, exist_ok=True)
            new.path.replace(path)
            _sync(path.parent)
            if made:
                _sync(self.directory)

    def path(self, digest: str) -> Path:
        """Where the file with this hash is."""
        return self.directory / digest[:2] / digest[2:]

    def open(self, digest: str) -> io.FileIO:
        """Open a file for reading. Raises OSError."""
        return io.FileIO(os.open(self.path(digest), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW))

    def remove(self, digest: str) -> None:
        """Remove a file, and its folder if that is empty then. Raises ViewraError."""
        path = self.path(digest)
        with self._failing():
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the folder has other files
            path.parent.rmdir()

    def all(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every file by its hash. Raises ViewraError."""
        with self._failing():
            if not self.directory.is_dir():
                return
            for folder in sorted(one for one in self.directory.iterdir() if len(one.name) == 2 and one.is_dir()):
                with os.scandir(folder) as entries:
                    found = [(folder.name + one.name, one.stat(follow_symlinks=False)) for one in entries]
                yield from found

    def drop_unfinished(self) -> None:
        """Remove what a killed host had not finished writing. No file may be written meanwhile."""
        with self._failing():
            if self._new.is_dir():
                for path in self._new.iterdir():
                    path.unlink(missing_ok=True)

    def digest(self, digest: str) -> str:
        """The hash that the content of a file really has. Raises OSError."""
        with io.BufferedReader(self.open(digest)) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ViewraError(
                f"assets cannot be written to {self.directory}: {error.strerror}",
                hint="make room on its disk, or see who owns the folder",
            ) from error


class NewFile:
    """A file that is being written, with the hash, the size and the first ``HEAD`` bytes of what it has so far."""

    def __init__(self, file: io.FileIO, path: Path, failing: Failing) -> None:
        self.file = file
        self.path = path
        self.size = 0
        self.head = b""
        self._failing = failing
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Add data. Raises ViewraError."""
        view = memoryview(data)
        if len(self.head) < HEAD:
            self.head += bytes(view[: HEAD - len(self.head)])
        self._hash.update(view)
        self.size += len(view)
        with self._failing():
            while view:
                view = view[self.file.write(view) :]

    @property
    def digest(self) -> str:
        """The hash, in hexadecimal."""
        return self._hash.hexdigest()


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
