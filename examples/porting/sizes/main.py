"""A pluggy plugin, ported: in pluggy the method was a function ``extract_metadata`` with ``@hookimpl``."""

from __future__ import annotations

from pathlib import Path

from viewra.sdk import Plugin, serve


class Sizes(Plugin):
    """Says how large a file is."""

    def get_supported_types(self) -> list[str]:
        """What made pluggy's implementation return None for other files."""
        return ["audio/*"]

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """The same, for hosts that do not go by types."""
        return mime_type.startswith("audio/")

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        """The implementation, without change."""
        return {"size_kib": str(Path(file_path).stat().st_size // 1024)}


if __name__ == "__main__":
    serve(Sizes())
