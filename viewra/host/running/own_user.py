"""Assigns plugins their own users if the host is root, and makes those users the owners of the plugins' files."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
from pathlib import Path

import sqlalchemy as sa

from viewra.db.plugin_grants import read_users, user_of
from viewra.errors import ViewraError

FIRST, COUNT = 60600, 580
"""The range of those user ids: systemd and Debian assign these numbers to no accounts."""


class PluginUsers:
    """Assigns each plugin of one host a permanent user id of its own, stored in the host's database."""

    def __init__(self, engine: sa.Engine, data_dir: Path) -> None:
        self._engine = engine
        self._data_dir = data_dir
        self._known: dict[str, int] = {}

    def read(self) -> None:
        """Read all assigned ids at once, so that starts need not query them; raises DatabaseError."""
        self._known = read_users(self._engine)

    def __call__(self, plugin_id: str) -> int:
        """The plugin's user id; raises ViewraError if all are taken, or an account has the assigned id by now."""
        uid = self._known.get(plugin_id)
        if uid is None:
            uid = user_of(self._engine, plugin_id, FIRST, COUNT, likely(plugin_id, self._data_dir))
        if uid is None:
            raise ViewraError(
                f"there is no user id left for it: all of {FIRST} to {FIRST + COUNT - 1} are other plugins'"
            )
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            self._known[plugin_id] = uid
            return uid
        raise ViewraError(f"its user id {uid} is an account's by now: {name}")


def likely(plugin_id: str, data_dir: Path) -> int:
    """The id that a plugin gets unless it is taken; it depends on the data directory, so hosts differ."""
    name = f"{data_dir}\0{plugin_id}".encode("utf-8", "surrogateescape")
    return FIRST + int.from_bytes(hashlib.sha256(name).digest()[:4], "big") % COUNT


def hand_to(user: int, *folders: Path) -> None:
    """Make a plugin's user the owner of its directories and of the files in them; raises OSError.

    Changes only files with another owner, does not follow links, and skips files with several hard links, because
    another link may be outside of the plugin's directories.
    """
    for folder in folders:
        if folder.stat().st_uid != user:
            os.chown(folder, user, user, follow_symlinks=False)
            for _, names, files, at in os.fwalk(folder):
                for name in (*names, *files):
                    _hand(name, user, at)
            continue
        with os.scandir(folder) as entries:  # files that the host created, such as a restored database
            theirs = [entry.name for entry in entries if entry.stat(follow_symlinks=False).st_uid != user]
        if theirs:
            at = os.open(folder, os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                for name in theirs:
                    _hand(name, user, at)
            finally:
                os.close(at)


def _hand(name: str, user: int, at: int) -> None:
    status = os.stat(name, dir_fd=at, follow_symlinks=False)
    if status.st_uid != user and (status.st_nlink == 1 or stat.S_ISDIR(status.st_mode)):
        os.chown(name, user, user, dir_fd=at, follow_symlinks=False)
