"""The class that the host talks to; everything about sidecar files is in the modules beside it."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from viewra.sdk import Plugin
from viewra.types.values import Value

from .formats import ENDINGS, MIME_TYPES, PICTURES, ending
from .limits import Limits


class Sidecars(Plugin):
    """Reads what lies beside media files. Field names: docs/vocabulary.md."""

    def start(self) -> None:
        """Look whether defusedxml is there."""
        if find_spec("defusedxml") is None:
            sys.exit("defusedxml is not installed; install it with: pip install defusedxml")

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Decide by the name's ending, or by the MIME type where a name has none."""
        end = ending(file_path)
        return end in ENDINGS or end in PICTURES or (not end and mime_type.lower() in MIME_TYPES)

    def extract_metadata(self, file_path: str) -> dict[str, Value]:
        """Return field name to text, or to several; raises ``SidecarError`` for a file that is not what it is named."""
        from .reader import read  # imports the XML parsers, which a start need not wait for

        settings = self.settings
        limits = Limits(
            file_bytes=settings.max_file_kb << 10,
            entries=settings.max_entries,
            encoding=settings.legacy_encoding,
            roots=tuple(settings.roots),
        )
        return read(file_path, limits)

    def get_supported_types(self) -> list[str]:
        """Return every MIME type that these formats go by, and those of pictures, of which covers are told by name."""
        return sorted(MIME_TYPES)
