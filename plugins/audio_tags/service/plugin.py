"""Defines the class that the host calls; the other modules of the package read audio files."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from viewra.errors import UsageError
from viewra.sdk import Plugin

from .values import Values

if TYPE_CHECKING:
    from viewra.types import FoundPicture

LEGACY_ENCODINGS = {
    "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1253": "cp1253", "windows-1254": "cp1254",
    "windows-1255": "cp1255", "windows-1256": "cp1256", "windows-1257": "cp1257", "windows-1258": "cp1258",
    "windows-874": "cp874", "cp1250": "cp1250", "cp1251": "cp1251", "cp866": "cp866", "cp932": "cp932", "cp936": "gbk",
    "cp949": "cp949", "cp950": "cp950", "koi8-r": "koi8-r", "koi8-u": "koi8-u", "iso-8859-2": "iso8859-2",
    "iso-8859-5": "iso8859-5", "iso-8859-7": "iso8859-7", "shift_jis": "cp932", "euc-jp": "euc-jp", "euc-kr": "cp949",
    "gbk": "gbk", "gb18030": "gb18030", "big5": "cp950",
}  # fmt: skip
"""The code pages of the setting, in Python's names; those that Windows extended are read with the extensions."""


class AudioTags(Plugin):
    """Reads tags and stream properties of audio files. Field names: docs/vocabulary.md."""

    def start(self) -> None:
        """Check that mutagen is installed, which all modules that read files import."""
        if find_spec("mutagen") is None:
            sys.exit("mutagen is not installed; install it with: pip install mutagen")

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Decide by the MIME type, or by the extension if the type is unspecific."""
        from .formats import EXTENSIONS, MIME_TYPES

        return mime_type.lower() in MIME_TYPES or file_path.lower().endswith(EXTENSIONS)

    def extract_metadata(self, file_path: str) -> Values:
        """Return field name to text; raises ``AudioFileError`` for a file that is not readable audio."""
        from .reader import read

        return read(file_path, LEGACY_ENCODINGS.get(self.settings.get("legacy_encoding", ""), ""))

    def find_pictures(self, file_path: str) -> list[FoundPicture]:
        """Store the pictures of the file's tags; raises ``AudioFileError``."""
        from viewra.types import FoundPicture  # its class costs each start a millisecond

        from .pictures import find

        pictures = []
        for kind, data in find(file_path):
            try:
                pictures.append(FoundPicture(kind, self.host.assets.put(data).id))
            except UsageError as error:  # too large to store
                self.log.warning("a picture is left out", file=file_path, reason=str(error))
        return pictures

    def get_supported_types(self) -> list[str]:
        """Return all MIME types of these formats."""
        from .formats import MIME_TYPES

        return sorted(MIME_TYPES)
