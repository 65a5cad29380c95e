"""The admin pages, as an author implements them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.types import AdminPage


@runtime_checkable
class AdminPageService(Protocol):
    """Adds pages to the host's admin area."""

    def get_admin_pages(self) -> Sequence[AdminPage]:
        """MUST return its pages; called at the start and after a reload."""
        ...

    def register_routes(self, base_path: str) -> None:
        """MUST accept the path below which its pages are reached."""
        ...
