"""The HTTP routes, as an author implements them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.types import APIRoute


@runtime_checkable
class APIRegistrationService(Protocol):
    """Adds HTTP routes."""

    def get_registered_routes(self) -> Sequence[APIRoute]:
        """MUST return its routes; called at the start and after a reload."""
        ...
