"""One environment of a plugin, and the files from which it is made."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs

FOLDER = "environments"
"""The folder in the data directory."""
TEXT, PROJECT = "requirements.txt", "pyproject.toml"
"""The files in which a plugin names packages."""
MARKER = "complete"


@attrs.frozen
class Environment:
    """One environment, in ``folder``."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter that imports from it."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """The folder with what is installed in it."""
        version = sys.version_info
        return self.folder / "lib" / f"python{version.major}.{version.minor}" / "site-packages"

    @property
    def is_complete(self) -> bool:
        """Whether it was built to its end."""
        return (self.folder / MARKER).exists()
