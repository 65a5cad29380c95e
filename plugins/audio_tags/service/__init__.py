"""The plugin's own code, behind the two names that others need.

The modules know each other by relative names only, so it does not matter where they are imported from: they are
``service`` in the plugin's process, and ``viewra_plugins.audio_tags.service`` in a test.
"""

from .plugin import AudioTags
from .source import AudioFileError

__all__ = ["AudioFileError", "AudioTags"]
