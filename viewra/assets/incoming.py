"""``Incoming``: a file on its way into the store, part by part, within its limits."""

from __future__ import annotations

from typing import Protocol

from viewra.assets.content import media_type_of
from viewra.assets.files import NewFile
from viewra.errors import UsageError
from viewra.types import Asset

MAX_BYTES = 64 * 1024 * 1024
"""Of one asset."""
_NEAR_BYTES = 64 * MAX_BYTES
"""With less room than this, files that arrive at the same time may together have no room; each one's counts."""


class Keeper(Protocol):
    """What it needs of ``AssetStore``."""

    def room(self, plugin_id: str) -> int:
        """How many bytes a plugin may still store. Raises QuotaExceeded if it has too many assets."""
        ...

    def require_room(self, plugin_id: str, size: int) -> int:
        """Raise QuotaExceeded unless there is room for ``size`` bytes; returns how much there is."""
        ...

    def store_file(
        self, store: str, plugin_id: str, new: NewFile, media_type: str, *, kept: bool, counted: bool
    ) -> Asset:
        """Put a complete file in its place, and its row; ``counted``: raise QuotaExceeded if there is no room now."""
        ...


class Incoming:
    """A file that arrives: ``add`` its parts, then ``finish``."""

    def __init__(self, assets: Keeper, store: str, plugin_id: str, new: NewFile, most: int) -> None:
        self._assets = assets
        self._store = store
        self._plugin_id = plugin_id
        self._new = new
        self._most = most
        self._room = assets.room(plugin_id)

    def add(self, data: bytes) -> None:
        """Add a part; raises UsageError and QuotaExceeded as ``put_stream``."""
        size = self._new.size + len(data)
        if size > self._most:
            raise UsageError(f"the asset has more than {self._most:,} bytes, which is the limit")
        if size > self._room:
            self._room = self._assets.require_room(self._plugin_id, size)
        self._new.write(data)

    def finish(self, media_type: str | None, *, kept: bool) -> Asset:
        """Store it; raises UsageError if it is empty, or another than ``media_type`` says."""
        if not self._new.size:
            raise UsageError("the asset is empty")
        found = media_type_of(self._new.head, media_type)
        near = self._room < _NEAR_BYTES
        return self._assets.store_file(self._store, self._plugin_id, self._new, found, kept=kept, counted=near)
