"""The plugin's code; exports the plugin's class and its error.

The modules use relative imports, so they work under both names of the package: ``service`` in the plugin's process,
and ``viewra_plugins.audio_tags.service`` in a test.
"""

from .plugin import AudioTags
from .source import AudioFileError

__all__ = ["AudioFileError", "AudioTags"]
