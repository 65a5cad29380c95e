"""Writes files that are fetched or copied, and names the disk, not the source, if that fails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from viewra.errors import ViewraError


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Callable[[bytes], object]]:
    """Yields what writes bytes to a new file. Both raise ViewraError if the disk is full, or cannot be written to."""
    with disk_named(path.parent):
        file = path.open("xb")
    try:

        def write(block: bytes) -> None:
            with disk_named(path.parent):
                file.write(block)

        yield write
        with disk_named(path.parent):
            file.flush()
    finally:
        with contextlib.suppress(OSError):  # it was told above, or something else went wrong before
            file.close()


@contextlib.contextmanager
def disk_named(folder: Path) -> Iterator[None]:
    """Raise ViewraError that names the folder where something cannot be written to it."""
    try:
        yield
    except OSError as error:
        hint = "free space on its disk and try again"
        raise ViewraError(f"{folder} cannot be written to: {error.strerror}", hint=hint) from error
