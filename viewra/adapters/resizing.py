"""The host's side of smaller pictures; its mirror image is viewra/sdk/servicers/resizing.py.

No hook leads here: one plugin makes a picture smaller.
"""

from __future__ import annotations

from viewra.adapters._endpoint import Endpoint
from viewra.codec.resizing import RESIZE_PICTURE
from viewra.types import Resized


class ResizingClient:
    """One plugin's ``ResizingService``."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def available(self) -> bool:
        """Whether the plugin is known to offer it; False before its first start."""
        return self._endpoint.serves(RESIZE_PICTURE)

    def resize_picture(self, data: bytes, size: int) -> Resized:
        """A picture within a square of ``size`` pixels; starts the plugin if need be. Raises a PluginError."""
        return self._endpoint.call(RESIZE_PICTURE, data, size)
