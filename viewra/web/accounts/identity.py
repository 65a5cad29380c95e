"""Who asks, and what they may do."""

from __future__ import annotations

import enum
from typing import Literal

import attrs


class Scope(enum.StrEnum):
    """What an identity may do; each includes those before it."""

    READ = "read"
    """See the library, plugins and their logs."""
    OPERATE = "operate"
    """Also scan, and start, stop, enable and configure plugins."""
    ADMIN = "admin"
    """Also grant permissions, uninstall plugins, forget libraries and files, and manage tokens."""

    def includes(self, other: Scope) -> bool:
        """Whether it allows all that ``other`` allows."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


@attrs.frozen
class Identity:
    """Who sent a request: ``name`` is the token's, or the account that a session belongs to."""

    kind: Literal["session", "token"]
    name: str
    scope: Scope
