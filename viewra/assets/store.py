"""``AssetStore``: files by the hash of their content, each kept once, as long as something refers to it.

A file is written and renamed first, then its row; a row is deleted first, then its file. So a kill leaves at most a
file without a row, which ``sweep`` removes. A plugin uses what it stored: an asset that it neither keeps nor links
with anything goes a day later, one whose links are gone at the next sweep.
"""

from __future__ import annotations

import contextlib
import io
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import attrs
import sqlalchemy as sa

from viewra.assets import rows
from viewra.assets.files import AssetFiles, NewFile
from viewra.assets.incoming import MAX_BYTES, Incoming
from viewra.assets.kinds import kind_of
from viewra.db.transactions import reading, writing
from viewra.errors import NotFound, QuotaExceeded, UsageError
from viewra.types import Asset, AssetLink

QUOTA_BYTES = 8 * 1024 * 1024 * 1024
"""Of all that one plugin uses."""
QUOTA_ASSETS = 500_000
GRACE_S = 86_400.0
"""Seconds for which an asset stays that its plugin neither keeps nor has linked."""
_ID = re.compile(r"[0-9a-f]{64}")
_PAGE = 500


@attrs.frozen
class OpenAsset:
    """An asset, and its file open for reading."""

    asset: Asset
    file: io.FileIO


class AssetStore:
    """The assets of one host, in ``directory`` and its database. Thread-safe; ``now`` gives seconds since the epoch.

    Every method raises ``DatabaseError``; those that write raise ViewraError if the disk is full.
    """

    def __init__(
        self,
        engine: sa.Engine,
        directory: Path,
        *,
        quota_bytes: int = QUOTA_BYTES,
        quota_assets: int = QUOTA_ASSETS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.engine = engine
        self.files = AssetFiles(directory)
        self._quota_bytes = quota_bytes
        self._quota_assets = quota_assets
        self._now = now
        self._changing = threading.Lock()  # held while files and rows change together

    @property
    def store(self) -> str:
        """The identity of the folder, which rows name; "" if nothing was ever stored."""
        return self.files.store

    # ---- storing ----

    def put(self, plugin_id: str, data: bytes, *, media_type: str | None = None, kept: bool = False) -> Asset:
        """Store bytes, as ``put_stream``."""
        return self.put_stream(plugin_id, (data,), media_type=media_type, kept=kept)

    def put_stream(
        self,
        plugin_id: str,
        chunks: Iterable[bytes],
        *,
        media_type: str | None = None,
        limit: int = MAX_BYTES,
        kept: bool = False,
    ) -> Asset:
        """Store a file of at most ``limit`` bytes in the plugin's name; equal content is stored once.

        ``media_type`` is what it is said to be, None if nothing is; the content decides. With ``kept`` it stays until
        the plugin deletes it, else as long as a link refers to it, and a day. Raises UsageError for an empty file, one
        that is too large or another than is said, and QuotaExceeded.
        """
        with self.incoming(plugin_id, limit=limit) as incoming:
            for chunk in chunks:
                incoming.add(chunk)
            return incoming.finish(media_type, kept=kept)

    @contextlib.contextmanager
    def incoming(self, plugin_id: str, *, limit: int = MAX_BYTES) -> Iterator[Incoming]:
        """A file that arrives in parts, as ``put_stream`` takes it; nothing is left of one that is not finished."""
        with self.files.writing() as new:
            yield Incoming(self, self.files.begin(), plugin_id, new, min(limit, MAX_BYTES))

    def known(self, plugin_id: str, asset_id: str, *, kept: bool = False) -> Asset | None:
        """The asset with this id if the plugin uses it, which counts as storing it again; else None."""
        with self._changing:
            return self._use(self.store, plugin_id, _checked(asset_id), kept=kept)

    def delete(self, plugin_id: str, asset_id: str) -> bool:
        """End a plugin's use of an asset, with its links; returns whether it used it."""
        with self._changing, writing(self.engine) as connection:
            asset = rows.find(connection, self.store, _checked(asset_id), lock=True)
            return asset is not None and bool(rows.stop_using(connection, plugin_id, asset.number))

    # ---- links ----

    def link(
        self,
        plugin_id: str,
        asset_id: str,
        kind: str,
        target: rows.Target,
        *,
        source_url: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Say what an asset of this plugin is for: the picture ``kind`` of a file, album or artist.

        Raises NotFound for an asset that the plugin has not stored, and for what is not in the library.
        """
        kind = kind_of(kind)
        with self._changing:
            try:
                with writing(self.engine) as connection:
                    asset = rows.used_by(connection, self.store, plugin_id, _checked(asset_id))
                    if asset is None:
                        raise _no_asset(asset_id)
                    rows.find(connection, self.store, asset_id, lock=True)
                    rows.link(connection, plugin_id, asset.number, kind, target, source_url, metadata or {})
            except sa.exc.IntegrityError as error:
                ((name, number),) = target.items()
                what = name.removesuffix("_id").replace("_", " ")
                raise NotFound(f"there is no {what} with the id {number}") from error

    def unlink(self, plugin_id: str, asset_id: str, kind: str | None, target: rows.Target) -> bool:
        """Remove a plugin's link, with ``kind`` None of every kind; returns whether there was one."""
        with writing(self.engine) as connection:
            asset = rows.find(connection, self.store, _checked(asset_id))
            if asset is None:
                return False
            return bool(rows.unlink(connection, plugin_id, asset.number, kind and kind_of(kind), target))

    def page(self, *, plugin_id: str | None = None, after: int = 0, limit: int = 100) -> list[Asset]:
        """At most ``limit`` assets, those with numbers above ``after``: of all plugins, or what one uses."""
        with reading(self.engine) as connection:
            return rows.page(connection, self.store, plugin_id, after, limit)

    def links_of(self, asset: Asset) -> list[AssetLink]:
        """What an asset is linked with."""
        with reading(self.engine) as connection:
            return rows.links(connection, self.store, number=asset.number)

    def links(self, target: rows.Target, *, plugin_id: str | None = None) -> list[AssetLink]:
        """What is linked with a file, album or artist, in the order in which it was linked."""
        with reading(self.engine) as connection:
            return rows.links(connection, self.store, target=target, plugin_id=plugin_id)

    # ---- looking ----

    def get(self, asset_id: str) -> Asset:
        """The asset with this id; raises NotFound."""
        with reading(self.engine) as connection:
            found = rows.find(connection, self.store, _checked(asset_id))
        if found is None:
            raise _no_asset(asset_id)
        return found

    def users_of(self, asset: Asset) -> tuple[str, ...]:
        """The plugins that have stored an asset."""
        with reading(self.engine) as connection:
            return tuple(rows.users(connection, asset.number))

    def whole_id(self, beginning: str) -> str:
        """The only id that begins so. Raises NotFound without any, and UsageError for several."""
        with reading(self.engine) as connection:
            found = rows.beginning(connection, self.store, beginning.lower())
        if not found or len(beginning) < 4:
            raise NotFound(f"there is no asset {beginning[:100]!r}", hint="see them with: viewra assets list")
        if len(found) > 1:
            raise UsageError(f"several assets begin with {beginning}", hint="give more of the id")
        return found[0]

    def open(self, asset_id: str) -> OpenAsset:
        """Open an asset for reading; the caller closes its file. Raises NotFound."""
        asset = self.get(asset_id)
        try:
            return OpenAsset(asset, self.files.open(asset.id))
        except OSError as error:
            raise NotFound(f"the asset {asset.id} cannot be read: {error.strerror}", hint="run: viewra fsck") from error

    def read(self, asset_id: str, offset: int, size: int) -> bytes:
        """At most ``size`` bytes of an asset, from ``offset`` on; empty at its end. Raises NotFound."""
        with self.open(asset_id).file as file:
            file.seek(offset)
            return file.read(size)

    def _use(self, store: str, plugin_id: str, digest: str, *, kept: bool) -> Asset | None:
        """Use an asset again that the plugin uses and whose file is there."""
        if not self.files.path(digest).exists():
            return None
        with writing(self.engine) as connection:
            asset = rows.used_by(connection, store, plugin_id, digest)
            if asset is not None:
                rows.use(connection, plugin_id, asset.number, self.micros(), kept=kept)
            return asset

    def room(self, plugin_id: str) -> int:
        """How many bytes a plugin may still store. Raises QuotaExceeded if it has too many assets."""
        with reading(self.engine) as connection:
            count, used = rows.usage(connection, self.store, plugin_id)
        if count >= self._quota_assets:
            raise QuotaExceeded(
                f"plugin {plugin_id} has {count:,} assets, which is the limit",
                hint="delete assets that it no longer needs",
            )
        return self._quota_bytes - used

    def require_room(self, plugin_id: str, size: int) -> int:
        """Sweep, then raise QuotaExceeded if there is still no room; returns how much there is."""
        self.sweep()
        if size > (room := self.room(plugin_id)):
            raise self._full(plugin_id, room)
        return room

    def _full(self, plugin_id: str, room: int) -> QuotaExceeded:
        return QuotaExceeded(
            f"the assets of plugin {plugin_id} have {self._quota_bytes - room:,} bytes of {self._quota_bytes:,}",
            hint="delete assets that it no longer needs",
        )

    def store_file(
        self, store: str, plugin_id: str, new: NewFile, media_type: str, *, kept: bool, counted: bool
    ) -> Asset:
        """Put a complete file in its place, and its row; ``counted``: raise QuotaExceeded if there is no room now."""
        with self._changing:
            known = self._use(store, plugin_id, new.digest, kept=kept)
            if known is not None:
                return known
            if counted and new.size > self.room(plugin_id):  # other files of the plugin arrived at the same time
                raise self._full(plugin_id, self.room(plugin_id))
            self.files.place(new)
            with writing(self.engine) as connection:
                now = self.micros()
                asset = rows.find(connection, store, new.digest, lock=True)
                if asset is None:
                    asset = rows.insert(connection, store, new.digest, media_type, new.size, now)
                rows.use(connection, plugin_id, asset.number, now, kept=kept)
            return asset

    # ---- removing ----

    def sweep(self) -> int:
        """Remove what nothing refers to any more; returns how many assets."""
        store, removed = self.store, 0
        if not store:
            return 0
        with self._changing:
            with writing(self.engine) as connection:
                rows.end_uses(connection, self.micros() - int(GRACE_S * 1_000_000))
            while True:
                with writing(self.engine) as connection:
                    found = rows.unused(connection, store, _PAGE)
                    rows.delete(connection, [asset.number for asset in found])
                for asset in found:
                    self.files.remove(asset.id)
                removed += len(found)
                if len(found) < _PAGE:
                    return removed

    def micros(self) -> int:
        """The time, in microseconds since the epoch."""
        return int(self._now() * 1_000_000)


def _checked(asset_id: str) -> str:
    if not _ID.fullmatch(asset_id):
        raise NotFound(f"{asset_id[:100]!r} is no id of an asset", hint="an id has 64 hexadecimal digits")
    return asset_id


def _no_asset(asset_id: str) -> NotFound:
    return NotFound(f"there is no asset {asset_id}", hint="store it first; what nothing refers to is removed in time")
