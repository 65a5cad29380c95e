"""Stores posters of films and series, and links them with files that have none beside them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from viewra.errors import FetchFailed, NotFound

if TYPE_CHECKING:
    from viewra.sdk.host import HostServices

POSTER = "poster"
_MAX_BYTES = 16 * 1024 * 1024
_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tbn"})
_NAMES = frozenset({"poster", "folder", "cover", "front"})


def has_own(path: str, *, above: bool) -> bool:
    """Whether there is a poster beside a file, such as ``poster.jpg`` and ``Film-poster.jpg``.

    ``above``: also in the folder above, as series have it.
    """
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0].casefold()  # noqa: PTH122 - names may be any bytes
    wanted = {*_NAMES, stem, f"{stem}-poster"}
    return any(
        os.path.splitext(one)[0].casefold() in wanted and os.path.splitext(one)[1].lower() in _ENDINGS  # noqa: PTH122
        for place in ((folder, os.path.dirname(folder)) if above else (folder,))  # noqa: PTH120
        for one in _names(place)
    )


def link(host: HostServices, file_id: int, url: str) -> None:
    """Link the poster at ``url`` with a file, in place of another one.

    Raises FetchFailed and other errors of ``fetch`` if it cannot be fetched; one that is not there is left out.
    """
    before = host.assets.links(media_file_id=file_id)
    if any(one.source_url == url for one in before):
        return
    asset_id = _stored(host, url)
    if not asset_id:
        return
    try:
        host.assets.link(asset_id, POSTER, media_file_id=file_id, source_url=url)
    except NotFound:  # the file was forgotten meanwhile
        return
    for one in before:
        if one.asset.id != asset_id:
            host.assets.unlink(one.asset.id, one.kind, media_file_id=file_id)


def unlink(host: HostServices, file_id: int) -> None:
    """Take posters from a file."""
    for one in host.assets.links(media_file_id=file_id):
        host.assets.unlink(one.asset.id, one.kind, media_file_id=file_id)


def _stored(host: HostServices, url: str) -> str:
    """The asset with what is at a URL, "" if there is nothing; episodes of a series have the same."""
    known = host.cache.get(url)
    if isinstance(known, str) and host.assets.get(known) is not None:
        return known
    answer = host.fetch.to_asset(url, max_bytes=_MAX_BYTES)
    if answer.status == 404:
        return ""
    answer.require_ok()
    stored = host.assets.get(answer.asset_id)
    if stored is None or stored.media_type not in _PICTURES:
        host.assets.delete(answer.asset_id)
        raise FetchFailed(f"{url} is no picture")
    host.cache.set(url, stored.id)
    return stored.id


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
