"""The class that the host talks to; everything about pictures is in the modules beside it."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from viewra.sdk import Plugin

from .formats import extensions, mime_types
from .limits import Limits


class ImageInfo(Plugin):
    """Reads what the headers of pictures tell. Field names: docs/vocabulary.md."""

    def start(self) -> None:
        """Look whether Pillow is there. Importing it is left to the first file: it takes longer than all of a start."""
        if find_spec("PIL") is None:
            sys.exit("Pillow is not installed; install it with: pip install pillow")

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Decide by the MIME type, or by the name's ending where the type says nothing."""
        return mime_type.lower() in mime_types() or file_path.lower().endswith(extensions())

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        """Return field name to text; raises ``ImageFileError`` for a file that is no readable picture."""
        from .reader import read  # imports Pillow, which a start need not wait for

        limits = Limits(
            pixels=self.settings.max_megapixels * 1_000_000,
            exif_bytes=self.settings.max_exif_kb << 10,
            gps=self.settings.gps,
        )
        return read(file_path, limits)

    def get_supported_types(self) -> list[str]:
        """Return the MIME types of what the installed Pillow reads; HEIC is there when pillow-heif is installed."""
        return sorted(mime_types())
