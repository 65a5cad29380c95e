"""Asks the Cover Art Archive (https://musicbrainz.org/doc/Cover_Art_Archive/API) for the front of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from viewra.errors import FetchFailed
from viewra.sdk import NotNow

if TYPE_CHECKING:
    from viewra.sdk.host import HostServices

MAX_BYTES = 32 * 1024 * 1024
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""The types of pictures that the archive has."""


@attrs.frozen
class Cover:
    """A picture that was stored: the asset, and where it is from."""

    asset_id: str
    url: str


def fetch(host: HostServices, url: str, entity: str, mbid: str, size: str) -> Cover | None:
    """Store the front of a ``release`` or ``release-group``; None if there is none.

    Raises NotNow, and FetchFailed and other errors of ``fetch`` for an archive that does not answer as it should.
    """
    picture = "front" if size == "original" else f"front-{size}"
    address = f"{url.rstrip('/')}/{entity}/{mbid}/{picture}"
    answer = host.fetch.to_asset(address, max_bytes=MAX_BYTES)
    if answer.status in (400, 403, 404):  # 403: the archive has locked it
        return None
    if answer.status in (429, 503):
        raise NotNow.as_asked(answer, usually_s=300.0)
    answer.require_ok()
    stored = host.assets.get(answer.asset_id)
    if stored is None or stored.media_type not in PICTURES:
        host.assets.delete(answer.asset_id)
        kind = stored.media_type if stored is not None else "nothing"
        raise FetchFailed(f"{address} is no picture, but {kind}")
    return Cover(answer.asset_id, address)
