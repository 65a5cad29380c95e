"""One environment of a plugin, and the files from which it is made."""

from __future__ import annotations

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
    def is_complete(self) -> bool:
        """Whether it was built to its end."""
        return (self.folder / MARKER).exists()
