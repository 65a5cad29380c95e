"""viewra: a plugin system for media libraries.

The host calls pluggy hooks in its own process; behind each hook an adapter forwards the call over gRPC to plugins that
run as isolated processes and speak HashiCorp's go-plugin protocol. The same plugin class, registered in the host's own
process, answers the same hooks without gRPC.

Public names are imported when first used, so that a plugin process or ``viewra --help`` never pays for the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra import lazy

if TYPE_CHECKING:
    from viewra.hookspecs import hookimpl
    from viewra.host import Host

    __version__: str

__all__ = ["Host", "__version__", "hookimpl"]

_get = lazy.names(__name__, {".host": "Host", ".hookspecs": "hookimpl"})

if not TYPE_CHECKING:  # a misspelt name is for type checkers to find

    def __getattr__(name):
        if name == "__version__":
            import importlib.metadata  # light start-up: it brings along a good deal of the standard library

            return importlib.metadata.version("viewra")
        return _get(name)
