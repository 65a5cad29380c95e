"""The plugin's code; exports the plugin's class.

The modules use relative imports, so they work under both names of the package: ``service`` in the plugin's process,
and ``viewra_plugins.lyrics.service`` in a test.
"""

from .plugin import Lyrics

__all__ = ["Lyrics"]
