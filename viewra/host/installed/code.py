"""One version of a plugin's code, as it was found on disk."""

from __future__ import annotations

import attrs

from viewra.errors import PluginUnavailable
from viewra.host.installed.discovery import Found
from viewra.manifest import Manifest


@attrs.frozen
class Code:
    """One version of a plugin's code: what was found, where it is run from, and its hash."""

    found: Found
    code_hash: str

    @property
    def manifest(self) -> Manifest:
        """Its manifest; raises PluginUnavailable for one that is not valid."""
        if self.found.manifest is None:
            raise PluginUnavailable(
                self.found.plugin_id,
                f"is invalid: {'; '.join(map(str, self.found.errors))}",
                hint=f"viewra plugins check {self.found.directory}",
            )
        return self.found.manifest

    @property
    def version(self) -> str:
        """As the manifest says it."""
        return self.found.manifest.version if self.found.manifest is not None else "?"
