"""Paths as bytes, as the system has them (pathlib does not support bytes), and as text for people."""

# ruff: noqa: PTH100, PTH120

from __future__ import annotations

import os
import unicodedata


def display(path: str) -> str:
    r"""``path`` as text to print and store: each byte that is not UTF-8 becomes ``\xNN``, and so does NUL."""
    path = path.replace("\0", r"\x00")
    try:
        return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a surrogate that stands for no byte, so not from the file system
        return path.encode("utf-8", "backslashreplace").decode("utf-8")


def display_bytes(path: bytes) -> str:
    """As ``display``."""
    return display(os.fsdecode(path))


def absolute(path: str) -> bytes:
    """The absolute path, with links unresolved."""
    return os.path.abspath(os.fsencode(path))


def join(folder: bytes, name: bytes) -> bytes:
    """The path of a name in a folder."""
    return folder + name if folder.endswith(b"/") else folder + b"/" + name


def below(path: bytes, folder: bytes) -> bytes:
    """The rest of a path below a folder."""
    return path[len(folder.rstrip(b"/")) + 1 :]


def folder_of(path: bytes) -> bytes:
    """The folder that contains the path; the root's is the root."""
    return os.path.dirname(path)


def is_within(path: bytes, folder: bytes) -> bool:
    """Whether ``path`` is ``folder`` or below it, by their names alone."""
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def plain(path: bytes) -> str:
    """What paths that differ only by case and by Unicode composition have in common."""
    return unicodedata.normalize("NFC", os.fsdecode(path)).casefold()


def is_gone(path: bytes) -> bool:
    """Whether nothing is there any more; an unreadable place counts as still having its file."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
