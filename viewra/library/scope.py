"""``Scope``: the range of a scan."""

from __future__ import annotations

from typing import NamedTuple

import attrs
import sqlalchemy as sa

from viewra.db.tables import directories
from viewra.library.paths import is_within


class Part(NamedTuple):
    """A folder of a library: with all that is below it if it is ``deep``, else the files in it alone."""

    path: bytes
    deep: bool = True

    def covers(self, folder: bytes) -> bool:
        """Whether the folder is this one, or below it and so a part of it."""
        return is_within(folder, self.path) if self.deep else folder == self.path


@attrs.frozen
class Scope:
    """The range of a scan: the library ``root``, or the folder ``path`` in it; of that only the ``parts``, if any."""

    library_id: int
    root: bytes
    path: bytes
    parts: tuple[Part, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole library."""
        return self.path == self.root and not self.parts

    def covers(self, folder: bytes) -> bool:
        """Whether the folder is in the scope."""
        return any(part.covers(folder) for part in self.parts or (Part(self.path),))

    def directories(self, *, all_below: bool = False) -> sa.ColumnElement[bool]:
        """The scope's rows of ``directories``. A range over the path's bytes works in every database.

        ``all_below``: also those below parts that are folders alone.
        """
        inside = directories.c.library_id == self.library_id
        if self.is_whole:
            return inside
        parts = self.parts or (Part(self.path),)
        path = directories.c.path
        tops = [part.path.rstrip(b"/") for part in parts if part.deep or all_below]
        below = [sa.and_(path >= top + b"/", path < top + b"0") for top in tops]  # "0" is the byte after "/"
        return sa.and_(inside, sa.or_(path.in_([part.path for part in parts]), *below))
