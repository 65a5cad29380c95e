"""Finding the pictures of media files, as an author implements it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.types import FoundPicture


@runtime_checkable
class ArtworkService(Protocol):
    """An optional extension: stores the pictures of a file as assets, when somebody looks for them.

    The host asks the plugins whose metadata of the file has ``has_picture`` or ``cover_type``.
    """

    def find_pictures(self, file_path: str) -> Iterable[FoundPicture]:
        """MUST store each picture with ``self.host.assets.put`` and return what it shows; raises if it cannot read."""
        ...
