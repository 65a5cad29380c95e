"""One version of a plugin's code, as found on disk."""

from __future__ import annotations

import attrs

from viewra.errors import PluginUnavailable
from viewra.host.installed.discovery import Found
from viewra.manifest import Manifest


@attrs.frozen
class Code:
    """One version of a plugin's code: what was found, the folder it runs from, and its hash."""

    found: Found
    code_hash: str

    @property
    def manifest(self) -> Manifest:
        """Its manifest; raises PluginUnavailable if it is invalid."""
        if self.found.manifest is None:
            raise PluginUnavailable(
                self.found.plugin_id,
                f"is invalid: {'; '.join(map(str, self.found.errors))}",
                hint=f"viewra plugins check {self.found.directory}",
            )
        return self.found.manifest

    @property
    def version(self) -> str:
        """The version in the manifest."""
        return self.found.manifest.version if self.found.manifest is not None else "?"
