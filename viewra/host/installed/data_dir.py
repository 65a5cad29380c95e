"""The host's data directory."""

from __future__ import annotations

import os
from pathlib import Path

from viewra.errors import ViewraError

PACKAGES = "plugin-packages"
"""The folder in the data directory where the user's plugins are."""
NOTE_NAME = "control"
"""The file in the data directory with the socket's path; paths there may be too long for a socket."""


def default_data_dir() -> Path:
    """The user's data directory for viewra."""
    import platformdirs  # light start: most commands with --data-dir do without

    return Path(platformdirs.user_data_dir("viewra", appauthor=False))


def database_url_of(data_dir: Path) -> str:
    """The URL of the host's own database: a SQLite file in the data directory."""
    return f"sqlite:///{data_dir.absolute() / 'viewra.db'}"


def make_private(directory: Path) -> None:
    """Create the data directory, which only its owner may enter; raises ViewraError if that fails."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ViewraError(
            f"the data directory {directory} cannot be made: {error.strerror}",
            hint="choose one that you can write to: --data-dir DIR",
        ) from error


def read_note(data_dir: Path) -> Path | None:
    """The path of the control socket of this data directory's last host; None without a note."""
    try:
        text = (data_dir / NOTE_NAME).read_bytes().strip()
    except OSError:
        return None
    return Path(os.fsdecode(text)) if text and b"\0" not in text else None
