"""The typed clients of one plugin's services: what ``host.plugins["x"].search`` is, wherever the plugin runs."""

from __future__ import annotations

from viewra.adapters._endpoint import Endpoint
from viewra.adapters.admin_page import AdminPageClient
from viewra.adapters.api_registration import APIRegistrationClient
from viewra.adapters.database import DatabaseClient
from viewra.adapters.metadata_scraper import MetadataScraperClient
from viewra.adapters.scanner_hook import ScannerHookClient
from viewra.adapters.search import SearchClient


class ServiceClients:
    """A client for each service that the plugin offers, None for the others; each call raises a PluginError."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def metadata_scraper(self) -> MetadataScraperClient | None:
        """Its metadata scraper."""
        return MetadataScraperClient(self._endpoint) if self._endpoint.offers("metadata_scraper") else None

    @property
    def scanner_hook(self) -> ScannerHookClient | None:
        """Its scanner hook."""
        return ScannerHookClient(self._endpoint) if self._endpoint.offers("scanner_hook") else None

    @property
    def database(self) -> DatabaseClient | None:
        """Its database service."""
        return DatabaseClient(self._endpoint) if self._endpoint.offers("database_service") else None

    @property
    def admin_page(self) -> AdminPageClient | None:
        """Its admin pages."""
        return AdminPageClient(self._endpoint) if self._endpoint.offers("admin_page") else None

    @property
    def api_registration(self) -> APIRegistrationClient | None:
        """Its HTTP routes."""
        return APIRegistrationClient(self._endpoint) if self._endpoint.offers("api_registration") else None

    @property
    def search(self) -> SearchClient | None:
        """Its search."""
        return SearchClient(self._endpoint) if self._endpoint.offers("search_service") else None
