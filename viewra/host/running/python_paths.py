"""Where the Python that runs a plugin is: what a confined process has to read before any code of its own."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path

_VIEWRA = str(Path(__file__).parents[2])
"""Where viewra itself is, which an editable installation has elsewhere."""


def read_by_python(directory: Path) -> tuple[str, ...]:
    """Of the host's interpreter, and of that in the virtual environment of the plugin in ``directory``."""
    own = directory / ".venv" / "bin" / "python"
    found = [sys.prefix, *site.getsitepackages(), *_standard(sys.executable), _VIEWRA]
    if site.ENABLE_USER_SITE:
        found.append(site.getusersitepackages())
    if own.exists():
        found += _standard(str(own))
    return tuple(found)


def _standard(executable: str) -> list[str]:
    """An interpreter and its standard library; not the folders around them, which a plugin's link may have chosen."""
    real = Path(os.path.realpath(executable))
    return [str(real), str(real.parent.parent / "lib")]
