"""The check suite of plugins that make pictures smaller."""

from __future__ import annotations

from typing import Protocol

from viewra.adapters.resizing import ResizingClient
from viewra.errors import PluginFault

_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000200000001080200000"
    "07b40e8dd0000000f49444154789c63f8cfc0f01f080005ff01ff"
    "a7a1c5e30000000049454e44ae426082"
)
"""A picture of two pixels."""


class WithResizing(Protocol):
    """A plugin with the service that the check asks."""

    @property
    def resizing(self) -> ResizingClient:
        """Its smaller pictures."""
        ...


def check_resizing(plugin: WithResizing, *, picture: bytes = _PNG) -> None:
    """Check that it makes a picture smaller, never larger, and refuses what is none."""
    small = plugin.resizing.resize_picture(picture, 1)
    assert (small.width, small.height) == (1, 1), f"{small.width} x {small.height} pixels for a size of 1"
    large = plugin.resizing.resize_picture(picture, 4096)
    assert max(large.width, large.height) <= 4096, "it is larger than was asked for"
    for broken in (b"", b"no picture", picture[: len(picture) // 2]):
        try:
            plugin.resizing.resize_picture(broken, 100)
        except PluginFault:
            continue
        assert broken == picture[: len(picture) // 2], "it takes what is no picture for one"
