"""The plugin's side of finding pictures; its mirror image is viewra/adapters/artwork.py."""

from __future__ import annotations

from viewra.codec import artwork as codec
from viewra.sdk.servicers._handlers import Handler, handle
from viewra.services import ArtworkService


def handlers(service: ArtworkService) -> list[Handler]:
    """The procedure of a file's pictures."""
    return [handle(codec.FIND_PICTURES, service.find_pictures)]
