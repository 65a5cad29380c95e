"""``FakeAssets``: the assets of a plugin in a test, in memory."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping

import attrs

from viewra.assets.content import media_type_of
from viewra.assets.kinds import kind_of
from viewra.errors import NotFound, UsageError
from viewra.types import Asset, AssetLink


class FakeAssets:
    """A store of assets without files and database: ``stored`` has the contents by id, ``linked`` all links."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.linked: list[AssetLink] = []
        self._assets: dict[str, Asset] = {}

    def put(self, plugin_id: str, data: bytes, *, media_type: str | None = None, kept: bool = False) -> Asset:
        """Store bytes."""
        with self.incoming(plugin_id) as incoming:
            incoming.add(data)
            return incoming.finish(media_type, kept=kept)

    @contextlib.contextmanager
    def incoming(self, plugin_id: str) -> Iterator[_Incoming]:
        """A file that arrives in parts."""
        del plugin_id
        yield _Incoming(self)

    def known(self, plugin_id: str, asset_id: str, *, kept: bool = False) -> Asset | None:
        """The asset with this id."""
        del plugin_id, kept
        return self._assets.get(asset_id)

    def read(self, asset_id: str, offset: int, size: int) -> bytes:
        """A part of an asset."""
        return self.stored[asset_id][offset : offset + size]

    def page(self, *, plugin_id: str | None, after: int, limit: int) -> list[Asset]:
        """Assets in the order in which they were stored."""
        del plugin_id
        return [one for one in self._assets.values() if one.number > after][:limit]

    def delete(self, plugin_id: str, asset_id: str) -> bool:
        """Forget an asset and its links."""
        del plugin_id
        self.linked = [one for one in self.linked if one.asset.id != asset_id]
        self.stored.pop(asset_id, None)
        return self._assets.pop(asset_id, None) is not None

    def link(
        self,
        plugin_id: str,
        asset_id: str,
        kind: str,
        target: Mapping[str, int],
        *,
        source_url: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Link an asset; everything has whatever id it is linked with."""
        if asset_id not in self._assets:
            raise NotFound(f"there is no asset {asset_id}")
        self.unlink(plugin_id, asset_id, kind, target)
        self.linked.append(
            AssetLink(
                self._assets[asset_id],
                kind_of(kind),
                plugin_id,
                target.get("media_file_id"),
                target.get("album_id"),
                target.get("artist_id"),
                source_url=source_url,
                metadata=dict(metadata or {}),
            )
        )

    def unlink(self, plugin_id: str, asset_id: str, kind: str | None, target: Mapping[str, int]) -> bool:
        """Remove links."""
        del plugin_id
        wanted = kind and kind_of(kind)
        gone = [
            one
            for one in self.linked
            if one.asset.id == asset_id and wanted in {None, one.kind} and _belongs(one, target)
        ]
        self.linked = [one for one in self.linked if one not in gone]
        return bool(gone)

    def links(self, target: Mapping[str, int], *, plugin_id: str | None = None) -> list[AssetLink]:
        """The links of a file, album or artist."""
        ours = (one for one in self.linked if plugin_id is None or one.plugin_id == plugin_id)
        return [one for one in ours if _belongs(one, target)]

    def add(self, data: bytes, media_type: str) -> Asset:
        """Have an asset."""
        digest = hashlib.sha256(data).hexdigest()
        self.stored[digest] = data
        made = Asset(digest, media_type, len(data), 0, len(self._assets) + 1)
        return self._assets.setdefault(digest, made)


def _belongs(link: AssetLink, target: Mapping[str, int]) -> bool:
    return all(attrs.asdict(link, recurse=False)[name] == value for name, value in target.items())


class _Incoming:
    def __init__(self, assets: FakeAssets) -> None:
        self._assets = assets
        self._data = b""

    def add(self, data: bytes) -> None:
        self._data += data

    def finish(self, media_type: str | None, *, kept: bool) -> Asset:
        del kept
        if not self._data:
            raise UsageError("the asset is empty")
        return self._assets.add(self._data, media_type_of(self._data, media_type))
