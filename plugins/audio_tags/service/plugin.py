"""The class that the host talks to; everything about audio files is in the modules beside it."""

from __future__ import annotations

from viewra.sdk import Plugin

from .formats import EXTENSIONS, MIME_TYPES
from .reader import read
from .values import Values


class AudioTags(Plugin):
    """Reads tags and stream properties of audio files. Field names: docs/vocabulary.md."""

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Decide by the MIME type, or by the name's ending where the type says nothing."""
        return mime_type.lower() in MIME_TYPES or file_path.lower().endswith(EXTENSIONS)

    def extract_metadata(self, file_path: str) -> Values:
        """Return field name to text; raises ``AudioFileError`` for a file that is not readable audio."""
        return read(file_path)

    def get_supported_types(self) -> list[str]:
        """Return every MIME type that these formats go by."""
        return sorted(MIME_TYPES)
