"""Defines the class that the host calls; the other modules of the package read media files."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from viewra.sdk import Plugin
from viewra.types.values import Value

from .formats import EXTENSIONS, MIME_TYPES
from .limits import Limits


class MediaInfo(Plugin):
    """Reads properties of audio and video files with libav. Field names: docs/vocabulary.md."""

    def start(self) -> None:
        """Check that PyAV is installed. The first file imports it, because that takes longer than the whole start."""
        if find_spec("av") is None:
            sys.exit("PyAV is not installed; install it with: pip install av")

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Decide by the MIME type, or by the extension if the type is unspecific."""
        kind = mime_type.lower()
        return kind in MIME_TYPES or kind.startswith("video/") or file_path.lower().endswith(EXTENSIONS)

    def extract_metadata(self, file_path: str) -> dict[str, Value]:
        """Return field name to text, or to several; raises ``MediaFileError`` for a file that libav cannot read."""
        from .reader import read  # imported late: PyAV takes 0.1 s

        limits = Limits(scan_bytes=self.settings.max_scan_mb << 20, seconds=self.settings.max_seconds)
        return read(file_path, limits)

    def get_supported_types(self) -> list[str]:
        """Return all MIME types of these formats."""
        return ["video/*", *sorted(MIME_TYPES)]
