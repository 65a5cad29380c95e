"""``Fetched``: the answer to an HTTP request that the host made for a plugin."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import attrs

from viewra.errors import FetchFailed


@attrs.frozen
class Fetched:
    """The answer to an HTTP request of ``self.host.fetch``.

    ``headers`` have names in small letters, several of one name in one text, separated by commas. ``url`` is where the
    answer came from, after redirects. ``body`` is decompressed; its ``size`` is in bytes. ``from_cache``: no server was
    asked. Of a large body that went to an asset, ``asset_id`` is the id, and ``body`` is empty.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    size: int = 0
    from_cache: bool = False
    asset_id: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, by the charset that the server says, else UTF-8; what does not fit becomes U+FFFD."""
        found = re.search(r"charset=\"?([\w.:-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        try:
            return self.body.decode(found[1] if found is not None else "utf-8", "replace")
        except (LookupError, ValueError):  # a charset that Python does not know, or that is none for texts
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON data; raises ValueError for a body that is none."""
        return json.loads(self.body)

    def require_ok(self) -> Fetched:
        """The answer itself, if ``ok``; else raises FetchFailed."""
        if not self.ok:
            raise FetchFailed(f"{self.url} answered with the status {self.status}")
        return self
