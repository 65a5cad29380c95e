"""Compiles in advance the code that confined plugins import: they may not write bytecode files themselves.

The host compiles only viewra's own code and its installed dependencies, never code that it does not trust.
"""

from __future__ import annotations

import functools
from importlib.util import find_spec
from pathlib import Path

_VIEWRA = Path(__file__).parents[2]
_IMPORTED = ("", "codec", "codec/host", "pb", "sdk", "sdk/host", "sdk/servicers", "services", "transport", "types")
"""The directories of viewra from which a plugin's process imports."""
_BESIDE = ("grpc_health.v1", "grpc_reflection.v1alpha")
"""Packages that a plugin's process imports and the host does not."""


@functools.cache
def compile_sdk() -> None:
    """Compile what a plugin's process imports before the author's code; only the first call does work."""
    for name in _IMPORTED:
        _compile(_VIEWRA / name)
    for name in _BESIDE:
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            _compile(Path(folder))


@functools.cache
def compile_shipped(directory: Path) -> None:
    """Compile the code of a plugin that is shipped with viewra; only the first call for a directory does work."""
    _compile(directory)
    for folder in directory.iterdir():
        if folder.is_dir() and folder.name != "tests":
            _compile(folder)


def _compile(folder: Path) -> None:
    """Compile the modules in a directory that are not compiled yet; skips files that cannot be written."""
    from compileall import compile_dir  # imported late: most commands start no plugin

    compile_dir(folder, maxlevels=0, quiet=2)
