"""The plugin's code; exports the plugin's class and its error.

The modules use relative imports, so they work under both names of the package: ``service`` in the plugin's process,
and ``viewra_plugins.media_info.service`` in a test.
"""

from .plugin import MediaInfo
from .source import MediaFileError

__all__ = ["MediaFileError", "MediaInfo"]
