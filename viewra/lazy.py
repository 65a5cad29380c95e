"""Makes a module's ``__getattr__`` that imports public names when they are first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of the module ``package``.

    ``homes`` maps a module, relative to the package (``".search"``), to the names that it defines, separated by spaces.
    The package keeps a name after its first use. A name must differ from all submodules' names, because importing the
    submodule would replace it.
    """
    home_of = {name: home for home, defined in homes.items() for name in defined.split()}

    def get(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(home, package), name)
        setattr(sys.modules[package], name, value)
        return value

    return get
