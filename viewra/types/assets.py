"""Values of assets: files that the host keeps for plugins, such as covers."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen
class Asset:
    """A file that the host keeps: ``id`` is the SHA-256 of its content in hexadecimal, ``size`` in bytes.

    ``media_type`` is what the content is, whatever was claimed; ``added_at`` in microseconds since the epoch.
    ``number`` is the same asset as an int, for protocols that need one.
    """

    id: str
    media_type: str
    size: int
    added_at: int
    number: int


@attrs.frozen
class AssetLink:
    """What an asset is for: the ``kind`` of picture (``front``, ``back`` …) of a file, an album or an artist.

    One of the three ids is set. ``plugin_id`` is the plugin that linked it, ``source_url`` where it got it ("": not
    from the network), ``metadata`` what else it says of the picture, in its own words.
    """

    asset: Asset
    kind: str
    plugin_id: str
    media_file_id: int | None = None
    album_id: int | None = None
    artist_id: int | None = None
    source_url: str = ""
    metadata: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class FoundPicture:
    """A picture that a plugin found for a file and stored: its ``kind``, and the id of the asset."""

    kind: str
    asset_id: str


@attrs.frozen
class Resized:
    """A picture in another size: its bytes and their media type; ``width`` and ``height`` in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int
