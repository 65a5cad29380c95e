"""Has the code that confined plugins import compiled beforehand: they may not keep what they compile themselves.

Only viewra's own code, and what was installed with it: the host does not compile what it does not trust.
"""

from __future__ import annotations

import functools
from importlib.util import find_spec
from pathlib import Path

_VIEWRA = Path(__file__).parents[2]
_IMPORTED = ("", "codec", "pb", "sdk", "sdk/servicers", "services", "transport", "types")
"""The folders of viewra from which a plugin's process imports."""
_BESIDE = ("grpc_health.v1", "grpc_reflection.v1alpha")
"""Packages that a plugin's process imports, and the host does not."""


@functools.cache
def compile_sdk() -> None:
    """Compile what a plugin's process imports before the author's code; once in this process."""
    for name in _IMPORTED:
        _compile(_VIEWRA / name)
    for name in _BESIDE:
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            _compile(Path(folder))


@functools.cache
def compile_shipped(directory: Path) -> None:
    """Compile the code of a plugin that came with viewra; once in this process."""
    _compile(directory)
    for folder in directory.iterdir():
        if folder.is_dir() and folder.name != "tests":
            _compile(folder)


def _compile(folder: Path) -> None:
    """Compile the modules in a folder, as far as they are not; what cannot be written, is left."""
    from compileall import compile_dir  # light start-up: most commands start no plugin

    compile_dir(folder, maxlevels=0, quiet=2)
