"""Defines the class that the host calls; the other modules of the package read names."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from viewra.sdk import Plugin
from viewra.types.values import Value

from . import music
from .parts import AUDIO, numbers_its_files, require_file, take_apart

VIDEO = frozenset({
    "3g2", "3gp", "asf", "avi", "divx", "f4v", "flv", "m2ts", "m4v", "mk3d", "mkv", "mov", "mp4", "mpe", "mpeg",
    "mpg", "mts", "mxf", "ogv", "qt", "rm", "rmvb", "ts", "vob", "webm", "wmv",
})  # fmt: skip
VIDEO_TYPES = frozenset({"application/mxf", "application/vnd.rn-realmedia", "application/vnd.rn-realmedia-vbr"})


class FileNames(Plugin):
    """Reads names of files and folders, and opens no file. Field names: docs/vocabulary.md."""

    def start(self) -> None:
        """Check that guessit is installed. The first film imports it, because that takes long."""
        if find_spec("guessit") is None:
            sys.exit("guessit is not installed; install it with: pip install guessit")

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Decide by the MIME type, or by the extension if the type is unspecific."""
        kind = mime_type.lower()
        if kind.startswith(("audio/", "video/")) or kind in VIDEO_TYPES:
            return True
        return file_path.rpartition(".")[2].lower() in VIDEO | AUDIO and "." in file_path.rpartition("/")[2]

    def extract_metadata(self, file_path: str) -> dict[str, Value]:
        """Return field name to text, or to several; raises ``FileNameError`` where there is no file."""
        require_file(file_path)
        settings = self.settings
        parts = take_apart(file_path, {name.lower() for name in settings.general_folders})
        ending = parts.ending[1:]
        if not parts.stem:
            return {}
        if ending in VIDEO and settings.video:
            from .video import guess  # imported late: guessit takes half a second

            return guess(parts, folders=settings.folders)
        if ending in AUDIO and settings.music:
            in_order = numbers_its_files(file_path)
            return dict(music.guess(parts, folders=settings.folders, in_order=in_order))
        return {}

    def get_supported_types(self) -> list[str]:
        """Return audio and video types."""
        return ["audio/*", "video/*", *sorted(VIDEO_TYPES)]
