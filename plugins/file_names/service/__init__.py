"""The plugin's code; exports the plugin's class and its error.

The modules use relative imports, so they work under both names of the package: ``service`` in the plugin's process,
and ``viewra_plugins.file_names.service`` in a test.
"""

from .parts import FileNameError
from .plugin import FileNames

__all__ = ["FileNameError", "FileNames"]
