"""The plugin's code; exports the plugin's class.

The modules use relative imports, so they work under both names of the package: ``service`` in the plugin's process,
and ``viewra_plugins.tmdb.service`` in a test.
"""

from .plugin import Tmdb

__all__ = ["Tmdb"]
