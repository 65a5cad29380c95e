"""Finds the files of the Python interpreter that runs a plugin, which a confined process has to read."""

from __future__ import annotations

import functools
import os
import site
import sys
from pathlib import Path

_VIEWRA = str(Path(__file__).parents[2])
"""The directory that contains viewra: outside of the interpreter's directories in an editable installation."""


def read_by_python(directory: Path) -> tuple[str, ...]:
    """Paths of the host's interpreter, and of the one in the virtual environment of the plugin in ``directory``."""
    own = directory / ".venv" / "bin" / "python"
    return (*_of_host(), *_standard(str(own))) if own.exists() else _of_host()


@functools.cache  # these paths do not change while this process runs
def _of_host() -> tuple[str, ...]:
    found = (sys.prefix, *site.getsitepackages(), *_standard(sys.executable), _VIEWRA)
    return (*found, site.getusersitepackages()) if site.ENABLE_USER_SITE else found


def _standard(executable: str) -> tuple[str, str]:
    """An interpreter and its standard library; no parent directories, because a plugin's link may point anywhere."""
    real = Path(os.path.realpath(executable))
    return str(real), str(real.parent.parent / "lib")
