"""As much of a link to a plugin as a call asks for: it offers everything, and nothing is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from viewra.codec.limits import Limits


class OpenLink:
    """What links of tests have in common; they add ``acquire`` and ``loss``."""

    plugin_id, code_hash, database_url = "p", "h", ""
    running, processes, known = True, 1, True
    limits = Limits()
    priority: Mapping[str, int] = MappingProxyType({})
    seconds = 5.0

    def recall(self, name: str) -> None:
        """Nothing: no text was kept."""

    def remember(self, name: str, text: str) -> None:
        """Nothing is kept."""

    def offers(self, capability: str) -> bool:
        return True

    def serves(self, wire_service: str) -> bool:
        return True

    def deadline_s(self, method: str) -> float:
        return self.seconds
