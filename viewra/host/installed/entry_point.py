"""The command line of a plugin's entry point: a Python file with an interpreter, anything else on its own."""

from __future__ import annotations

import sys
from pathlib import Path

from viewra.manifest import Manifest


def command(manifest: Manifest, python: Path | None = None) -> list[str]:
    """The command line, its first item an absolute path.

    A ``.py`` file runs with the interpreter of the plugin's own virtual environment (``.venv`` in its directory) if
    there is one, else with ``python``, that of the environment that the host built for it, else with the host's; but
    never by its shebang line, which may name any Python or none.
    """
    directory = manifest.file.parent
    entry = directory / manifest.entry_point
    if entry.suffix != ".py":
        return [str(entry)]
    own = directory / ".venv" / "bin" / "python"
    return [str(own) if own.exists() else str(python or sys.executable), str(entry)]
