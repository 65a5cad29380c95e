"""Assets: covers and other files that plugins store with the host, by the hash of their content.

``AssetStore`` keeps the files and their rows; the other modules choose artwork and make it smaller.
"""

from __future__ import annotations

from viewra.assets.store import AssetStore

__all__ = ["AssetStore"]
