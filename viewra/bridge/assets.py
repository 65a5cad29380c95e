"""``assets``: files that the host keeps for a plugin, and what it says they are for."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

from viewra.assets.rows import Target
from viewra.codec.host.assets import CHUNK_BYTES, TARGETS
from viewra.errors import NotFound, QuotaExceeded, UsageError
from viewra.types import Asset, AssetLink, Page

MAX_UPLOADS = 32
"""Files on their way at a time."""
IDLE_S = 60.0
"""Seconds without a part after which another file may take a file's place."""


class _Incoming(Protocol):
    """A file that arrives part by part, as ``viewra.assets.store.Incoming``."""

    def add(self, data: bytes) -> None:
        """Add a part."""
        ...

    def finish(self, media_type: str | None, *, kept: bool) -> Asset:
        """Store it."""
        ...


class _Store(Protocol):
    """What it needs of ``AssetStore``, which says what each method does."""

    def put(self, plugin_id: str, data: bytes, *, media_type: str | None = None, kept: bool = False) -> Asset: ...
    def incoming(self, plugin_id: str) -> AbstractContextManager[_Incoming]: ...
    def known(self, plugin_id: str, asset_id: str, *, kept: bool = False) -> Asset | None: ...
    def read(self, asset_id: str, offset: int, size: int) -> bytes: ...
    def page(self, *, plugin_id: str | None, after: int, limit: int) -> list[Asset]: ...
    def delete(self, plugin_id: str, asset_id: str) -> bool: ...
    def link(
        self,
        plugin_id: str,
        asset_id: str,
        kind: str,
        target: Target,
        *,
        source_url: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None: ...
    def unlink(self, plugin_id: str, asset_id: str, kind: str | None, target: Target) -> bool: ...
    def links(self, target: Target, *, plugin_id: str | None = None) -> list[AssetLink]: ...


class AssetsService:
    """The assets of one plugin. Thread-safe."""

    def __init__(self, store: _Store, plugin_id: str, now: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._plugin_id = plugin_id
        self._now = now
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._uploads: OrderedDict[int, _Upload] = OrderedDict()  # that was added to last comes last

    def put(self, data: bytes, media_type: str | None, kept: bool) -> Asset:
        """Store a file."""
        return self._store.put(self._plugin_id, data, media_type=media_type, kept=kept)

    def begin(self) -> int:
        """Begin to store a file in parts; returns the number of the upload."""
        with self._lock:
            left = self._make_room()
            number = next(self._numbers)
            self._uploads[number] = _Upload(self._store, self._plugin_id, self._now())
        if left is not None:
            left.close()
        return number

    def add(self, upload: int, data: bytes) -> None:
        """Add a part."""
        found = self._upload(upload)
        try:
            found.add(data)
        except BaseException:
            self.drop(upload)
            raise

    def finish(self, upload: int, media_type: str | None, kept: bool) -> Asset:
        """Store what has arrived."""
        found = self._upload(upload)
        try:
            return found.finish(media_type, kept=kept)
        finally:
            self.drop(upload)

    def drop(self, upload: int) -> None:
        """Give up an upload, if there is one of this number."""
        with self._lock:
            found = self._uploads.pop(upload, None)
        if found is not None:
            found.close()

    def close(self) -> None:
        """Give up all uploads: no process of the plugin is left."""
        with self._lock:
            left = [*self._uploads.values()]
            self._uploads.clear()
        for one in left:
            one.close()

    def get(self, asset_id: str, kept: bool) -> Asset | None:
        """An asset that this plugin has stored, which counts as storing it again."""
        return self._store.known(self._plugin_id, asset_id, kept=kept)

    def read(self, asset_id: str, offset: int) -> bytes:
        """A part of an asset that this plugin has stored; empty at its end."""
        if self._store.known(self._plugin_id, asset_id) is None:
            raise NotFound(f"this plugin has not stored the asset {asset_id}")
        return self._store.read(asset_id, offset, CHUNK_BYTES)

    def delete(self, asset_id: str) -> bool:
        """Delete an asset, as far as this plugin is concerned."""
        return self._store.delete(self._plugin_id, asset_id)

    def link(
        self, asset_id: str, kind: str, source_url: str, metadata: Mapping[str, str], **target: int | None
    ) -> None:
        """Say what an asset is for."""
        self._store.link(self._plugin_id, asset_id, kind, _target(target), source_url=source_url, metadata=metadata)

    def unlink(self, asset_id: str, kind: str | None, **target: int | None) -> bool:
        """Take that back."""
        return self._store.unlink(self._plugin_id, asset_id, kind, _target(target))

    def links(self, **target: int | None) -> list[AssetLink]:
        """This plugin's links of a file, album or artist."""
        return self._store.links(_target(target), plugin_id=self._plugin_id)

    def all_links(self, **target: int | None) -> list[AssetLink]:
        """The links of a file, album or artist, whichever plugin made them."""
        return self._store.links(_target(target))

    def list(self, after: str | None, limit: int) -> Page[Asset]:
        """A page of what this plugin has stored."""
        if after and not (after.isascii() and after.isdigit() and len(after) < 16):
            raise UsageError(f"after: {after[:40]!r} is no cursor of this listing")
        found = self._store.page(plugin_id=self._plugin_id, after=int(after or 0), limit=limit + 1)
        items = tuple(found[:limit])
        return Page(items, str(items[-1].number) if len(found) > limit else None)

    def _make_room(self) -> _Upload | None:
        """If there are too many, the upload that takes no further part."""
        if len(self._uploads) < MAX_UPLOADS:
            return None
        number, oldest = next(iter(self._uploads.items()))
        if self._now() - oldest.added_at < IDLE_S:
            raise QuotaExceeded(
                f"{MAX_UPLOADS} files are on their way to the host, which is the limit",
                hint="store fewer files at a time",
            )
        return self._uploads.pop(number)

    def _upload(self, number: int) -> _Upload:
        with self._lock:
            found = self._uploads.get(number)
            if found is None:
                raise NotFound(f"there is no upload {number}", hint=f"after {IDLE_S:g} s without a part it is given up")
            self._uploads.move_to_end(number)
            found.added_at = self._now()
            return found


class _Upload:
    """A file on its way, and the lock with which its parts are added one after the other."""

    def __init__(self, store: _Store, plugin_id: str, now: float) -> None:
        self.added_at = now
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._incoming: _Incoming | None = self._open.enter_context(store.incoming(plugin_id))

    def add(self, data: bytes) -> None:
        with self._lock:
            self._required().add(data)

    def finish(self, media_type: str | None, *, kept: bool) -> Asset:
        with self._lock:
            return self._required().finish(media_type, kept=kept)

    def close(self) -> None:
        with self._lock:
            self._incoming = None
            self._open.close()

    def _required(self) -> _Incoming:
        if self._incoming is None:
            raise NotFound("this upload was given up")
        return self._incoming


def _target(given: dict[str, int | None]) -> Target:
    target = {name: value for name, value in given.items() if value is not None}
    if len(target) != 1:
        raise UsageError(f"name one of {', '.join(TARGETS)}")
    return target
