"""The plugin's code; exports the plugin's class.

The modules use relative imports, so they work under both names of the package: ``service`` in the plugin's process,
and ``viewra_plugins.artwork.service`` in a test.
"""

from .plugin import Artwork

__all__ = ["Artwork"]
