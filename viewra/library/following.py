"""Which symbolic links a library follows, and why it leaves out the others."""

# Paths are bytes, for which pathlib has nothing.
# ruff: noqa: PTH116, PTH120

from __future__ import annotations

import errno
import os

from viewra.library.paths import display_bytes, is_within
from viewra.types import FollowLinks


def why_not_followed(link: bytes, library: bytes, links: FollowLinks, *, to_folder: bool) -> str | None:
    """Why the symbolic link at ``link`` is left out of the library with the real path ``library``; None: it is not.

    ``to_folder``: it leads to a folder, which is walked once, by its real path where that is in the library.
    """
    if links is FollowLinks.NONE:
        return "the library follows no symbolic links (follow_links=none)"
    if _leads_to_itself(link):
        return "a symbolic link that leads to itself"
    target = os.path.realpath(link)
    if to_folder and is_within(os.path.realpath(os.path.dirname(link)), target):
        return "a symbolic link that leads back to a folder that it is in"
    if is_within(target, library):
        return f"a symbolic link to {display_bytes(target)}, which is scanned by that path" if to_folder else None
    if links is FollowLinks.INSIDE:
        return "a symbolic link that leads out of the library (follow_links=inside)"
    return None


def _leads_to_itself(link: bytes) -> bool:
    try:
        os.stat(link)
    except OSError as error:
        return error.errno == errno.ELOOP
    return False
