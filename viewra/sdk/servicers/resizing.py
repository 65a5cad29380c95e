"""The plugin's side of smaller pictures; its mirror image is viewra/adapters/resizing.py."""

from __future__ import annotations

from viewra.codec import resizing as codec
from viewra.sdk.servicers._handlers import Handler, handle
from viewra.services import ResizingService


def handlers(service: ResizingService) -> list[Handler]:
    """The procedure of smaller pictures."""
    return [handle(codec.RESIZE_PICTURE, service.resize_picture)]
