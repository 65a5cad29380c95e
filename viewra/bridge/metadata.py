"""``metadata``: what a plugin found about files, stored with the library's metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from viewra.library.putting import put_metadata
from viewra.types.values import Value


class MetadataService:
    """The metadata of one plugin; ``priority`` gives that of its manifest, by field."""

    def __init__(self, engine: sa.Engine, plugin_id: str, priority: Callable[[], Mapping[str, int]]) -> None:
        self._engine = engine
        self._plugin_id = plugin_id
        self._priority = priority

    def put(self, files: Mapping[int, Mapping[str, Value]]) -> None:
        """Store what it says of files, by id."""
        put_metadata(self._engine, self._plugin_id, files, priority=self._priority())
