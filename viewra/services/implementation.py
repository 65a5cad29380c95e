"""A plugin as a whole: its lifecycle, and a getter for each service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.services.admin_page import AdminPageService
    from viewra.services.api_registration import APIRegistrationService
    from viewra.services.database import DatabaseService
    from viewra.services.metadata_scraper import MetadataScraperService
    from viewra.services.scanner_hook import ScannerHookService
    from viewra.services.search import SearchService
    from viewra.types import Health, PluginContext, PluginInfo


class Implementation(Protocol):
    """A plugin: its lifecycle, and a getter for each service (None: not offered).

    Called in this order: ``initialize``, ``start``, calls, ``stop``. ``health`` is asked only after ``start``.
    """

    def initialize(self, context: PluginContext) -> None:
        """MUST accept its settings and prepare; raises if it cannot run."""
        ...

    def start(self) -> None:
        """MUST start its background work, if any; raises if it cannot run."""
        ...

    def stop(self) -> None:
        """MUST end all that ``start`` began, and release files, ports and threads."""
        ...

    def info(self) -> PluginInfo:
        """MUST return its info; called before ``initialize`` too."""
        ...

    def health(self) -> Health:
        """MUST report whether it is healthy; MAY ask a remote site."""
        ...

    def metadata_scraper_service(self) -> MetadataScraperService | None:
        """The metadata scraper, or None."""
        ...

    def scanner_hook_service(self) -> ScannerHookService | None:
        """The scanner hook, or None."""
        ...

    def database_service(self) -> DatabaseService | None:
        """The database service, or None."""
        ...

    def admin_page_service(self) -> AdminPageService | None:
        """The admin pages, or None."""
        ...

    def api_registration_service(self) -> APIRegistrationService | None:
        """The API routes, or None."""
        ...

    def search_service(self) -> SearchService | None:
        """The search, or None."""
        ...
