"""The plugin's own code, behind the one name that others need.

The modules know each other by relative names only, so it does not matter where they are imported from: they are
``service`` in the plugin's process, and ``viewra_plugins.library_history.service`` in a test.
"""

from .plugin import LibraryHistory

__all__ = ["LibraryHistory"]
