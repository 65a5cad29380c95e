"""Opens a file of the library for its bytes: the one that was scanned, and nothing that a link leads to since."""

# Paths are bytes, for which pathlib has nothing.
# ruff: noqa: PTH115

from __future__ import annotations

import contextlib
import io
import os
import stat
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.tables import directories, libraries, media_files
from viewra.db.transactions import reading
from viewra.errors import NotFound, ViewraError
from viewra.library.found import signed
from viewra.library.other_paths import Identity
from viewra.library.paths import display_bytes, is_within, join
from viewra.types import FollowLinks

_table = media_files.c
_FILE = (
    sa.select(
        _table.name,
        _table.mime_type,
        _table.device,
        _table.inode,
        directories.c.path.label("folder"),
        libraries.c.path.label("root"),
        libraries.c.follow_links,
    )
    .join_from(media_files, directories, _table.directory_id == directories.c.id)
    .join(libraries, _table.library_id == libraries.c.id)
)


class FileGone(ViewraError):
    """The file that the library knows is not on the disk any more, or its path leads to another one."""


@attrs.frozen
class Content:
    """A file of the library, open for reading; ``status`` is that of the open file."""

    file: io.FileIO
    path: str
    mime_type: str
    status: os.stat_result


def open_content(engine: sa.Engine, file_id: int, private: bytes) -> Content:
    """Open the file with this id; the caller closes it.

    A link that leads out of the library is followed if the library follows all links and it leads to the very file that
    was scanned; none leads into ``private``, the folder of the host's own data. Raises ``NotFound`` for a file that is
    not in the library, ``FileGone`` for one that is not there any more, and OSError for one that cannot be read.
    """
    with reading(engine) as connection:
        row = connection.execute(_FILE.where(_table.id == file_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no file with the id {file_id}", hint="it may have been purged: search for it")
    path = join(row.folder, row.name)
    gone = FileGone(f"{display_bytes(path)} is not there any more")
    with contextlib.ExitStack() as undo:
        try:  # without O_NONBLOCK, a pipe would be waited for
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise gone from error
        undo.callback(os.close, descriptor)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise gone
        real = os.readlink(b"/proc/self/fd/%d" % descriptor)  # of what is open: its path may change meanwhile
        if not _belongs(real, (signed(status.st_dev), signed(status.st_ino)), row, private):
            raise FileGone(
                f"{display_bytes(path)} leads out of the library, to another file than was scanned",
                hint="if the link is right, scan the library",
            )
        undo.pop_all()
    file = io.FileIO(descriptor, "rb")
    return Content(file, os.fsdecode(path), row.mime_type or "application/octet-stream", status)


def _belongs(real: bytes, identity: Identity, row: Any, private: bytes) -> bool:
    if is_within(real, os.path.realpath(private)):
        return False
    if is_within(real, os.path.realpath(row.root)):
        return True
    return bool(row.follow_links == FollowLinks.ALL and identity == (row.device, row.inode))
