"""The lyrics, as an author implements them."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class LyricsService(Protocol):
    def lyrics(self, title: str) -> str:
        """MUST return the song's words."""
        ...
