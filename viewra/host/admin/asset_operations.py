"""Operations on the assets of a host: what ``viewra assets`` and the API show."""

from __future__ import annotations

import attrs

from viewra.errors import UsageError
from viewra.host.admin.operation import operation
from viewra.host.scanning import Scanning
from viewra.library.listing.paging import check_limit
from viewra.types import Asset, AssetLink, Page


@attrs.frozen
class AssetUse:
    """An asset with what it is linked with, and the plugins that have stored it."""

    asset: Asset
    plugins: tuple[str, ...]
    links: tuple[AssetLink, ...]


@operation(changes=False)
def assets(host: Scanning, plugin_id: str | None = None, after: str | None = None, limit: int = 100) -> Page[Asset]:
    """Assets in the order in which they were stored; with ``plugin_id`` only those that it uses."""
    check_limit(limit)
    if after is not None and not (after.isascii() and after.isdigit() and len(after) < 16):
        raise UsageError(f"after: {after[:40]!r} is no cursor of this listing", hint="take `next` of a page of it")
    found = host.assets.page(plugin_id=plugin_id, after=int(after or 0), limit=limit + 1)
    items = tuple(found[:limit])
    return Page(items, str(items[-1].number) if len(found) > limit else None)


@operation(changes=False)
def asset(host: Scanning, asset_id: str) -> AssetUse:
    """One asset, which plugins have stored it, and what it is linked with."""
    found = host.assets.get(asset_id)
    return AssetUse(found, host.assets.users_of(found), tuple(host.assets.links_of(found)))
