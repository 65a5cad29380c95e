"""Where the Python that runs a plugin is: what a confined process has to read before any code of its own."""

from __future__ import annotations

import functools
import os
import site
import sys
from pathlib import Path

_VIEWRA = str(Path(__file__).parents[2])
"""Where viewra itself is, which an editable installation has elsewhere."""


def read_by_python(directory: Path) -> tuple[str, ...]:
    """Of the host's interpreter, and of that in the virtual environment of the plugin in ``directory``."""
    own = directory / ".venv" / "bin" / "python"
    return (*_of_host(), *_standard(str(own))) if own.exists() else _of_host()


@functools.cache  # this process goes on with what it was started with
def _of_host() -> tuple[str, ...]:
    found = (sys.prefix, *site.getsitepackages(), *_standard(sys.executable), _VIEWRA)
    return (*found, site.getusersitepackages()) if site.ENABLE_USER_SITE else found


def _standard(executable: str) -> tuple[str, str]:
    """An interpreter and its standard library; not the folders around them, which a plugin's link may have chosen."""
    real = Path(os.path.realpath(executable))
    return str(real), str(real.parent.parent / "lib")
