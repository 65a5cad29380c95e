"""The host's data directory."""

from __future__ import annotations

from pathlib import Path

from viewra.errors import ViewraError

PACKAGES = "plugin-packages"
"""The folder in the data directory where the user's plugins are."""


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
