"""``self.host.assets``: covers and other files that the host keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from viewra.codec.host import assets as codec
from viewra.sdk.host.asking import Client
from viewra.types import Asset, AssetLink, Page

_ASK_FIRST_BYTES = 64 * 1024  # from this size on, asking whether the host has a file costs less than sending it


class Assets(Client):
    """Files of this plugin, by the SHA-256 of their content: equal ones are kept once.

    A file has at most 64 MiB; all files of a plugin 8 GiB, then QuotaExceeded is raised. A file stays as long as it is
    linked with something, and at least for a day; with ``kept`` it stays until the plugin deletes it.
    """

    def put(self, data: bytes, *, media_type: str | None = None, kept: bool = False) -> Asset:
        """Store bytes. ``media_type`` is what they are said to be: UsageError if the content contradicts it.

        Bytes that the host has of this plugin are not sent again.
        """
        if len(data) >= _ASK_FIRST_BYTES and (known := self.get(hashlib.sha256(data).hexdigest(), kept=kept)):
            return known
        if len(data) > codec.CHUNK_BYTES:
            return self.put_stream(_pieces(data), media_type=media_type, kept=kept)
        stored: Asset = self._ask(codec.PUT, _about(media_type, kept), data)
        return stored

    def put_stream(self, chunks: Iterable[bytes], *, media_type: str | None = None, kept: bool = False) -> Asset:
        """Store a file part by part, such as an open file or a response, without holding all of it in memory."""
        upload = self._ask(codec.BEGIN, {})
        try:
            for chunk in chunks:
                for piece in _pieces(chunk):
                    self._ask(codec.ADD, {"upload": upload}, piece)
        except BaseException:
            self._ask(codec.DROP, {"upload": upload})
            raise
        stored: Asset = self._ask(codec.FINISH, {"upload": upload, **_about(media_type, kept)})
        return stored

    def get(self, asset_id: str, *, kept: bool = False) -> Asset | None:
        """The asset with this id if this plugin has stored it, which counts as storing it again."""
        found: Asset | None = self._ask(codec.GET, {"asset_id": asset_id, "kept": kept})
        return found

    def read(self, asset_id: str) -> Iterator[bytes]:
        """The content of an asset of this plugin, part by part. Raises NotFound."""
        offset = 0
        while data := self._ask(codec.READ, {"asset_id": asset_id, "offset": offset}):
            yield data
            offset += len(data)

    def list(self, *, after: str | None = None, limit: int = 100) -> Page[Asset]:
        """A page of this plugin's assets; ``page.next`` is ``after`` of the page behind."""
        given: dict[str, object] = {"limit": limit, **({"after": after} if after is not None else {})}
        page: Page[Asset] = self._ask(codec.LIST, given)
        return page

    def delete(self, asset_id: str) -> bool:
        """Delete an asset and its links; returns whether this plugin had it. Other plugins keep what they stored."""
        return bool(self._ask(codec.DELETE, {"asset_id": asset_id}))

    def link(
        self,
        asset_id: str,
        kind: str,
        *,
        media_file_id: int | None = None,
        album_id: int | None = None,
        artist_id: int | None = None,
        source_url: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Say what an asset is for: the ``kind`` of picture (docs/artwork.md) of a file, an album or an artist.

        Needs the permission ``library:write``. ``source_url`` is where the picture is from, ``metadata`` what else
        there is to say of it: texts by name, 16 KiB as JSON at most. A link that is there already is replaced.
        """
        given: dict[str, object] = {"asset_id": asset_id, "kind": kind, "source_url": source_url}
        if metadata:
            given["metadata"] = dict(metadata)
        self._ask(codec.LINK, {**given, **_target(media_file_id, album_id, artist_id)})

    def unlink(
        self,
        asset_id: str,
        kind: str | None = None,
        *,
        media_file_id: int | None = None,
        album_id: int | None = None,
        artist_id: int | None = None,
    ) -> bool:
        """Remove links of this plugin, with ``kind`` None of every kind; needs ``library:write``."""
        given = {"asset_id": asset_id, **({"kind": kind} if kind is not None else {})}
        return bool(self._ask(codec.UNLINK, {**given, **_target(media_file_id, album_id, artist_id)}))

    def links(
        self, *, media_file_id: int | None = None, album_id: int | None = None, artist_id: int | None = None
    ) -> tuple[AssetLink, ...]:
        """What this plugin has linked with a file, an album or an artist."""
        found: tuple[AssetLink, ...] = self._ask(codec.LINKS, _target(media_file_id, album_id, artist_id))
        return found

    def all_links(
        self, *, media_file_id: int | None = None, album_id: int | None = None, artist_id: int | None = None
    ) -> tuple[AssetLink, ...]:
        """As ``links``, of all plugins: a picture that is there need not be fetched. Needs ``library:read``."""
        found: tuple[AssetLink, ...] = self._ask(codec.ALL_LINKS, _target(media_file_id, album_id, artist_id))
        return found


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), codec.CHUNK_BYTES):
        yield data[start : start + codec.CHUNK_BYTES]


def _about(media_type: str | None, kept: bool) -> dict[str, object]:
    return {"kept": kept, **({"media_type": media_type} if media_type is not None else {})}


def _target(*ids: int | None) -> dict[str, object]:
    return {name: value for name, value in zip(codec.TARGETS, ids, strict=True) if value is not None}
