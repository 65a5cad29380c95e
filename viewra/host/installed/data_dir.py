"""The host's data directory."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from viewra.errors import ViewraError


def default_data_dir() -> Path:
    """The user's data directory for viewra."""
    return Path(platformdirs.user_data_dir("viewra", appauthor=False))


def make_private(directory: Path) -> None:
    """Create the data directory, which only its owner may enter; raises ViewraError if that fails."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ViewraError(
            f"the data directory {directory} cannot be made: {error.strerror}",
            hint="choose one that you can write to: --data-dir DIR",
        ) from error
