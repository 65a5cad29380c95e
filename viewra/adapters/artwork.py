"""The host's side of finding pictures; its mirror image is viewra/sdk/servicers/artwork.py.

No hook leads here: a file's pictures are asked of the plugin that knows of them.
"""

from __future__ import annotations

from viewra.adapters._endpoint import Endpoint
from viewra.codec.artwork import FIND_PICTURES
from viewra.types import FoundPicture


class ArtworkClient:
    """One plugin's ``ArtworkService``."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def available(self) -> bool:
        """Whether the plugin is known to offer it; False before its first start."""
        return self._endpoint.serves(FIND_PICTURES)

    def find_pictures(self, file_path: str) -> tuple[FoundPicture, ...]:
        """The pictures of a file, which the plugin has stored; starts the plugin if need be. Raises a PluginError."""
        return self._endpoint.call(FIND_PICTURES, file_path)
