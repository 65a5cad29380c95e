"""Defines the class that the host calls; the other modules of the package read sidecar files."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from viewra.sdk import Plugin
from viewra.types.values import Value

from .formats import ENDINGS, MIME_TYPES, PICTURES, ending
from .limits import Limits

if TYPE_CHECKING:
    from viewra.types import FoundPicture


class Sidecars(Plugin):
    """Reads the files beside media files. Field names: docs/vocabulary.md."""

    def start(self) -> None:
        """Check that defusedxml is installed."""
        if find_spec("defusedxml") is None:
            sys.exit("defusedxml is not installed; install it with: pip install defusedxml")

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Decide by the extension, or by the MIME type if the name has none."""
        end = ending(file_path)
        return end in ENDINGS or end in PICTURES or (not end and mime_type.lower() in MIME_TYPES)

    def extract_metadata(self, file_path: str) -> dict[str, Value]:
        """Return field name to text, or to several; raises ``SidecarError`` for a file that is not what it is named."""
        from .reader import read  # imported late: the XML parsers take long

        settings = self.settings
        limits = Limits(
            file_bytes=settings.max_file_kb << 10,
            entries=settings.max_entries,
            encoding=settings.legacy_encoding,
            roots=tuple(settings.roots),
        )
        return read(file_path, limits)

    def find_pictures(self, file_path: str) -> list[FoundPicture]:
        """Store a picture that is a cover; raises ``SidecarError``."""
        from viewra.types import FoundPicture  # its class costs each start a millisecond

        from .reader import read_cover

        kind, pieces = read_cover(file_path)
        return [FoundPicture(kind, self.host.assets.put_stream(pieces).id)] if kind else []

    def get_supported_types(self) -> list[str]:
        """Return all MIME types of these formats, and those of pictures, whose names decide whether they are covers."""
        return sorted(MIME_TYPES)
