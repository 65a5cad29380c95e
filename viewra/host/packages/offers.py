"""What catalogs offer, beside what is installed."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

from viewra.errors import UsageError
from viewra.host.installed.versions import installed
from viewra.host.packages.catalogs import search
from viewra.host.packages.offered import Offer


def offers(catalogs: Sequence[str], words: Sequence[str], data_dir: Path) -> list[Offer]:
    """The plugins of the catalogs in whose description all words occur. Raises UsageError without a catalog."""
    require_catalogs(catalogs)
    ours, viewra = installed(data_dir), importlib.metadata.version("viewra")
    found = []
    for catalog, entry in search(catalogs, words):
        newest, record = entry.newest(viewra), ours.get(entry.id)
        asked = newest.permissions if newest is not None else ()
        offer = Offer(
            id=entry.id,
            name=entry.name,
            version=newest.version if newest is not None else None,
            installed=record.version if record is not None else None,
            description=entry.description,
            author=entry.author,
            size=newest.size if newest is not None else None,
            signer=newest.signer if newest is not None else "",
            permissions=tuple(f"{one.resource}:{action}" for one in asked for action in one.actions),
            catalog=catalog.place,
        )
        found.append(offer)
    return found


def require_catalogs(catalogs: Sequence[str]) -> None:
    """Raise UsageError if there is none."""
    if not catalogs:
        raise UsageError("no catalog to search in", hint="--catalog DIR|URL, or VIEWRA_CATALOGS")
