"""Files that a scan found at places without a row: new ones, and known ones that have moved."""

from __future__ import annotations

import attrs

from viewra.library.found import FoundFile
from viewra.library.paths import join
from viewra.library.walk import Place


@attrs.define(eq=False)
class NewFile:
    """A file without a row at its place; the fingerprint is None if the file is unreadable."""

    place: Place
    found: FoundFile
    mime_type: str
    fingerprint: bytes | None = None

    @property
    def path(self) -> bytes:
        """The file's path."""
        return join(self.place.path, self.found.name)


@attrs.frozen
class Move:
    """A known file that is at another place now.

    ``old_type`` is its MIME type by its old name; ``is_edited``: it has another content now.
    """

    file_id: int
    new: NewFile
    old_path: bytes
    old_type: str
    was_missing: bool
    is_edited: bool
