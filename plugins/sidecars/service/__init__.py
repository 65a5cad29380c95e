"""The plugin's code; exports the plugin's class and its error.

The modules use relative imports, so they work under both names of the package: ``service`` in the plugin's process,
and ``viewra_plugins.sidecars.service`` in a test.
"""

from .plugin import Sidecars
from .source import SidecarError

__all__ = ["SidecarError", "Sidecars"]
