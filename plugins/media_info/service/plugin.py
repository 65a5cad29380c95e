"""The class that the host talks to; everything about media files is in the modules beside it."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from viewra.sdk import Plugin
from viewra.types.values import Value

from .formats import EXTENSIONS, MIME_TYPES
from .limits import Limits


class MediaInfo(Plugin):
    """Reads what libav tells of audio and video files. Field names: docs/vocabulary.md."""

    def start(self) -> None:
        """Look whether PyAV is there. Importing it is left to the first file: it takes longer than all of a start."""
        if find_spec("av") is None:
            sys.exit("PyAV is not installed; install it with: pip install av")

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Decide by the MIME type, or by the name's ending where the type says nothing."""
        kind = mime_type.lower()
        return kind in MIME_TYPES or kind.startswith("video/") or file_path.lower().endswith(EXTENSIONS)

    def extract_metadata(self, file_path: str) -> dict[str, Value]:
        """Return field name to text, or to several; raises ``MediaFileError`` for a file that libav cannot read."""
        from .reader import read  # imports PyAV, 0.1 s that a start need not wait for

        limits = Limits(scan_bytes=self.settings.max_scan_mb << 20, seconds=self.settings.max_seconds)
        return read(file_path, limits)

    def get_supported_types(self) -> list[str]:
        """Return every MIME type that these formats go by."""
        return ["video/*", *sorted(MIME_TYPES)]
