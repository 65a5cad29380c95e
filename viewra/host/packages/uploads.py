"""Keeps archives that were uploaded, each under its SHA-256, until they are installed, discarded or too old."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import attrs

from viewra.errors import NotFound
from viewra.host.installed.data_dir import PACKAGES, make_private
from viewra.host.installed.held_folder import held_folder, sweep
from viewra.host.installed.versions import Origin
from viewra.host.packages.arriving import Told
from viewra.host.packages.staging import FOLDER, PREFIX, Fetch

KEPT = 4
"""Uploaded archives that are kept; the oldest makes room for another one."""
LASTS_S = 3600.0
"""Seconds for which one is kept."""
_ARRIVING = "arriving"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,120}[.](zip|whl)")


class Incoming:
    """An archive that is being uploaded into a ``folder`` of its own. All methods raise OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = (folder / _ARRIVING).open("xb")
        self._sha256 = hashlib.sha256()

    def write(self, block: bytes) -> None:
        """Add some bytes."""
        self._file.write(block)
        self._sha256.update(block)

    def whole(self, name: str) -> tuple[Path, str]:
        """End it: the archive under its own name, if that is a plain one, and the SHA-256 of what was written."""
        self._file.close()
        plain = name if _PLAIN.fullmatch(name) else "upload.zip"
        return (self.folder / _ARRIVING).rename(self.folder / plain), self._sha256.hexdigest()

    def drop(self) -> None:
        """Delete it, as far as it is here."""
        with contextlib.suppress(OSError):  # what was not written yet is not wanted
            self._file.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@attrs.frozen
class _Kept:
    path: Path
    until: float


class Uploads:
    """The uploaded archives of one host, for any thread; ``clock`` gives seconds.

    If the host is killed, the next one deletes them: as it begins to serve, or with its first package.
    """

    def __init__(self, data_dir: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._data_dir = data_dir
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._resources = contextlib.ExitStack()
        self._home: Path | None = None
        self._count = 0

    def forget_killed(self) -> None:
        """Delete what hosts that were killed have left of packages."""
        sweep(self._data_dir.absolute() / PACKAGES / FOLDER, PREFIX)

    def begin(self) -> Incoming:
        """A new archive, to be written and then either kept or dropped. Raises OSError."""
        with self._lock:
            self._count += 1
            folder = self._folder() / str(self._count)
        folder.mkdir()
        return Incoming(folder)

    def keep(self, incoming: Incoming, name: str) -> str:
        """Keep an archive that has arrived whole; returns its SHA-256, under which it is found. Raises OSError."""
        path, upload_id = incoming.whole(name)
        self.forget_old()
        with self._lock:
            self._forget(upload_id)
            while len(self._kept) >= KEPT:
                self._forget(next(iter(self._kept)))
            self._kept[upload_id] = _Kept(path, self._clock() + LASTS_S)
        return upload_id

    def fetch(self, upload_id: str) -> Fetch:
        """Unpacks an archive that is kept. Raises NotFound."""
        self.forget_old()
        with self._lock:
            kept = self._kept.get(upload_id)
        if kept is None:
            raise _gone()

        def unpacked(folder: Path, told: Told) -> Origin:
            from viewra.host.packages.sources import unpack  # light start: it needs an HTTP client

            del told
            files = folder / "files"
            files.mkdir()
            try:
                unpack(kept.path, files)
            except FileNotFoundError:  # it was discarded meanwhile
                raise _gone() from None
            return Origin("upload", kept.path.name)

        return unpacked

    def discard(self, upload_id: str) -> None:
        """Delete an archive. Raises NotFound."""
        with self._lock:
            if upload_id not in self._kept:
                raise _gone()
            self._forget(upload_id)

    def forget_old(self) -> None:
        """Delete those whose time is over."""
        with self._lock:
            for upload_id in [one for one, kept in self._kept.items() if kept.until <= self._clock()]:
                self._forget(upload_id)

    def close(self) -> None:
        """Delete all."""
        with self._lock:
            self._kept.clear()
            self._home = None
            self._resources.close()

    def _folder(self) -> Path:
        if self._home is None:
            make_private(self._data_dir)
            parent = self._data_dir.absolute() / PACKAGES / FOLDER
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._home = self._resources.enter_context(held_folder(PREFIX, parent))
        return self._home

    def _forget(self, upload_id: str) -> None:
        kept = self._kept.pop(upload_id, None)
        if kept is not None:
            shutil.rmtree(kept.path.parent, ignore_errors=True)


def _gone() -> NotFound:
    return NotFound("this upload is not here, or not any more", hint="upload the file again")
