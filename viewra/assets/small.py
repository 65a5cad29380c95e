"""``SmallPictures``: pictures in the sizes that were asked for, kept as long as there is room."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from pathlib import Path

import attrs

MAX_BYTES = 256 * 1024 * 1024
_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
KEPT_TYPES = frozenset(_TYPES.values())
"""What small pictures may be."""


@attrs.frozen
class Small:
    """A small picture: its file, and what it is."""

    path: Path
    media_type: str


class SmallPictures:
    """A folder of small pictures, at most ``most`` bytes: those that were asked for longest ago go first. Thread-safe.

    Nothing here is needed: a picture that is gone is made again.
    """

    def __init__(self, directory: Path, most: int = MAX_BYTES) -> None:
        self._directory = directory
        self._most = most
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] | None = None  # that was asked for last comes last
        self._total = 0

    def find(self, source: str, size: int) -> Small | None:
        """The picture ``source`` in this size."""
        stem = _stem(source, size)
        with self._lock:
            sizes = self._known()
            for ending, media_type in _TYPES.items():
                name = stem + ending
                if name in sizes:
                    sizes.move_to_end(name)
                    return Small(self._directory / name, media_type)
        return None

    def add(self, source: str, size: int, data: bytes, media_type: str) -> Small | None:
        """Keep a picture; None if it cannot be kept, for example on a full disk."""
        ending = next((one for one, kind in _TYPES.items() if kind == media_type), "")
        if not ending or len(data) > self._most // 4:
            return None
        name = _stem(source, size) + ending
        new = self._directory / f"{secrets.token_hex(8)}.new"
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.write_bytes(data)
            new.replace(self._directory / name)
        except OSError:
            new.unlink(missing_ok=True)
            return None
        with self._lock:
            sizes = self._known()
            self._total += len(data) - sizes.pop(name, 0)
            sizes[name] = len(data)
            while self._total > self._most:
                self._drop(sizes)
        return Small(self._directory / name, media_type)

    def forget(self, small: Small) -> None:
        """Forget a picture whose file is gone."""
        with self._lock:
            self._total -= self._known().pop(small.path.name, 0)

    def _known(self) -> OrderedDict[str, int]:
        if self._sizes is None:
            found: list[tuple[float, str, int]] = []
            with contextlib.suppress(OSError), os.scandir(self._directory) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if entry.name.endswith(".new"):
                        Path(entry.path).unlink(missing_ok=True)  # of a host that was killed
                    else:
                        found.append((status.st_mtime, entry.name, status.st_size))
            self._sizes = OrderedDict((name, size) for _, name, size in sorted(found))
            self._total = sum(self._sizes.values())
        return self._sizes

    def _drop(self, sizes: OrderedDict[str, int]) -> None:
        name, size = sizes.popitem(last=False)
        self._total -= size
        with contextlib.suppress(OSError):
            (self._directory / name).unlink(missing_ok=True)


def _stem(source: str, size: int) -> str:
    return f"{hashlib.sha256(source.encode()).hexdigest()[:40]}-{size}"
