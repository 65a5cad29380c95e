"""The metadata scraper, as an author implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up
    from viewra.types.values import Value


@runtime_checkable
class MetadataScraperService(Protocol):
    """Reads metadata from media files."""

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """MUST say whether this plugin can read the file; called only if no supported type decides. Cheap: no I/O."""
        ...

    def extract_metadata(self, file_path: str) -> Mapping[str, Value]:
        """MUST return the file's metadata: field name to a text, or to a list of several texts.

        Raises for a file that it cannot read.
        """
        ...

    def get_supported_types(self) -> Sequence[str]:
        """MUST return the MIME types that it reads; ``audio/*`` means all of audio, an empty list "ask can_handle"."""
        ...
