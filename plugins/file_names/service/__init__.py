"""The plugin's own code, behind the two names that others need.

The modules know each other by relative names only, so it does not matter where they are imported from: they are
``service`` in the plugin's process, and ``viewra_plugins.file_names.service`` in a test.
"""

from .parts import FileNameError
from .plugin import FileNames

__all__ = ["FileNameError", "FileNames"]
