"""Making pictures smaller, as an author implements it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.types import Resized


@runtime_checkable
class ResizingService(Protocol):
    """An optional extension: the host never decodes a picture, so a plugin's process does.

    Its manifest says ``capabilities: resizing: true``, by which the host finds it before its first start.
    """

    def resize_picture(self, data: bytes, size: int) -> Resized:
        """MUST return the picture, upright, within a square of ``size`` pixels, and not larger than it is.

        Raises for what is no picture, or has too many pixels to decode.
        """
        ...
