"""Files and folders that are whole on the disk, or not there, whenever a machine stops."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replace a file by one with this text, whole or not at all. Raises OSError."""
    draft = path.with_name(f".{path.name}.new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    flush(path.parent)


def flush(folder: Path) -> None:
    """Write what is in a folder's file system to the disk: for trees of files, which would take longer one by one."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        ctypes.CDLL(None).syncfs(descriptor)
    finally:
        os.close(descriptor)
