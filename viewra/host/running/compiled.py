"""Compiles in advance the code that confined plugins import: they may not write bytecode files themselves.

The host compiles only viewra's own code and its installed dependencies, never code that it does not trust.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

_VIEWRA = Path(__file__).parents[2]
_IMPORTED = ("", "codec", "codec/host", "pb", "sdk", "sdk/host", "sdk/servicers", "services", "transport", "types")
"""The directories of viewra from which a plugin's process imports."""
_BESIDE = ("grpc_health.v1", "grpc_reflection.v1alpha")
"""Packages that a plugin's process imports and the host does not."""


_working = threading.Lock()
"""Held while folders are looked at: a scan starts its plugins at the same time, and one look serves all of them."""


def compile_sdk() -> None:
    """Compile what a plugin's process imports before the author's code; only the first call does work."""
    with _working:
        _compile_sdk()


def compile_shipped(directory: Path) -> None:
    """Compile the code of a plugin that is shipped with viewra; only the first call for a directory does work."""
    with _working:
        _compile_shipped(directory)


@functools.cache
def _compile_sdk() -> None:
    for name in _IMPORTED:
        _compile(_VIEWRA / name)
    for name in _BESIDE:
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            _compile(Path(folder))


@functools.cache
def _compile_shipped(directory: Path) -> None:
    _compile(directory)
    for folder in directory.iterdir():
        if folder.is_dir() and folder.name != "tests":
            _compile(folder)


def _compile(folder: Path) -> None:
    """Compile the modules in a directory that are not compiled yet; skips files that cannot be written."""
    if _is_compiled(folder):
        return
    from compileall import compile_dir  # imported late: most hosts find everything compiled

    compile_dir(folder, maxlevels=0, quiet=2)


def _is_compiled(folder: Path) -> bool:
    """Whether each module has bytecode that is newer; ``compileall`` reads every file, which takes four times as long.

    A module in whose place an older one was put keeps that one's process slower, and is no error.
    """
    made = _changed_at(folder / "__pycache__")
    ending = f".{sys.implementation.cache_tag}.pyc"
    return all(
        made.get(name.removesuffix(".py") + ending, 0) >= changed_at
        for name, changed_at in _changed_at(folder).items()
        if name.endswith(".py")
    )


def _changed_at(folder: Path) -> dict[str, int]:
    """When each file in a directory was changed, in nanoseconds; none if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.stat().st_mtime_ns for entry in entries}
    except OSError:
        return {}
