"""What catalogs offer, as values: without what reads catalogs, which a host needs only when it is asked."""

from __future__ import annotations

import attrs


@attrs.frozen
class Offer:
    """A plugin in a catalog. ``version`` is the newest that runs with this viewra, ``installed`` the one in use.

    Both are None if there is none; ``size`` is that of the package in bytes, ``signer`` the key that signed it, or "".
    """

    id: str
    name: str
    version: str | None
    installed: str | None
    description: str
    author: str
    size: int | None
    signer: str
    permissions: tuple[str, ...]
    catalog: str


@attrs.frozen
class Outdated:
    """An installed plugin of which the catalog has a newer version."""

    id: str
    version: str
    newest: str
    catalog: str
