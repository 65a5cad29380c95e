"""Defines the class that the host calls; the other modules of the package read pictures."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from viewra.sdk import Plugin

from .formats import extensions, mime_types
from .limits import Limits

if TYPE_CHECKING:
    from viewra.types import Resized


class ImageInfo(Plugin):
    """Reads the headers of pictures. Field names: docs/vocabulary.md."""

    def start(self) -> None:
        """Check that Pillow is installed. The first file imports it, because that takes longer than the whole start."""
        if find_spec("PIL") is None:
            sys.exit("Pillow is not installed; install it with: pip install pillow")

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Decide by the MIME type, or by the extension if the type is unspecific."""
        return mime_type.lower() in mime_types() or file_path.lower().endswith(extensions())

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        """Return field name to text; raises ``ImageFileError`` for a file that is no readable picture."""
        from .reader import read  # imported late: Pillow takes long

        limits = Limits(
            pixels=self.settings.max_megapixels * 1_000_000,
            exif_bytes=self.settings.max_exif_kb << 10,
            gps=self.settings.gps,
        )
        return read(file_path, limits)

    def resize_picture(self, data: bytes, size: int) -> Resized:
        """Return the picture within a square of ``size`` pixels; raises ``ImageFileError``."""
        from .resizing import resize  # imported late, as above

        return resize(data, size, self.settings.max_megapixels * 1_000_000)

    def get_supported_types(self) -> list[str]:
        """Return the MIME types that the installed Pillow reads; includes HEIC if pillow-heif is installed."""
        return sorted(mime_types())
