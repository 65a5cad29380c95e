"""The plugin's own code, behind the two names that others need.

The modules know each other by relative names only, so it does not matter where they are imported from: they are
``service`` in the plugin's process, and ``viewra_plugins.sidecars.service`` in a test.
"""

from .plugin import Sidecars
from .source import SidecarError

__all__ = ["SidecarError", "Sidecars"]
