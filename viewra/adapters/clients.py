"""Typed clients of a plugin's services (``host.plugins["x"].search``), for plugins in any process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from viewra.adapters._endpoint import Endpoint
from viewra.services import SERVICES, Services

if TYPE_CHECKING:
    from viewra.adapters.admin_page import AdminPageClient
    from viewra.adapters.api_registration import APIRegistrationClient
    from viewra.adapters.artwork import ArtworkClient
    from viewra.adapters.database import DatabaseClient
    from viewra.adapters.events import EventClient
    from viewra.adapters.http import HttpClient
    from viewra.adapters.metadata_scraper import MetadataScraperClient
    from viewra.adapters.resizing import ResizingClient
    from viewra.adapters.scanner_hook import ScannerHookClient
    from viewra.adapters.search import SearchClient
    from viewra.adapters.tasks import TaskClient


class ServiceClients:
    """A client for each service that the plugin offers, None for the others; each call raises a PluginError.

    They are attributes with the names of ``services``, the descriptions that the host knows.
    """

    if TYPE_CHECKING:  # the types of what __getattr__ gives; a test compares them with the descriptions
        metadata_scraper: MetadataScraperClient | None
        scanner_hook: ScannerHookClient | None
        database: DatabaseClient | None
        admin_page: AdminPageClient | None
        api_registration: APIRegistrationClient | None
        search: SearchClient | None

    def __init__(self, endpoint: Endpoint, services: Services = SERVICES) -> None:
        self._endpoint = endpoint
        self._known = services

    @property
    def code_hash(self) -> str:
        """Hash of the code that runs, or that would be started."""
        return self._endpoint.code_hash

    def client(self, name: str) -> Any:
        """The client of the service with this name, None where the plugin does not offer it.

        Raises AttributeError for a service that the host does not know.
        """
        if name.startswith("_") or name not in self._known:
            raise AttributeError(
                f"{type(self).__name__} has no attribute {name!r}, nor is there a service of that name"
            )
        service = self._known[name]
        return service.client(self._endpoint) if self._endpoint.offers(service.capability) else None

    @property
    def http(self) -> HttpClient:
        """HTTP requests to the plugin; each raises NotOffered where it does not answer them."""
        from viewra.adapters.http import HttpClient  # light start-up: as the clients of services

        return HttpClient(self._endpoint)

    @property
    def artwork(self) -> ArtworkClient:
        """Pictures of files; raises NotOffered where the plugin finds none."""
        from viewra.adapters.artwork import ArtworkClient  # light start-up: as the clients of services

        return ArtworkClient(self._endpoint)

    @property
    def resizing(self) -> ResizingClient:
        """Smaller pictures; raises NotOffered where the plugin makes none."""
        from viewra.adapters.resizing import ResizingClient  # light start-up: as the clients of services

        return ResizingClient(self._endpoint)

    @property
    def tasks(self) -> TaskClient:
        """Tasks that the plugin executes; each raises NotOffered where it executes none."""
        from viewra.adapters.tasks import TaskClient  # light start-up, as above

        return TaskClient(self._endpoint)

    @property
    def events(self) -> EventClient:
        """Events that the plugin hears of; raises NotOffered where it hears of none."""
        from viewra.adapters.events import EventClient  # light start-up, as above

        return EventClient(self._endpoint)

    if not TYPE_CHECKING:  # a misspelt name is for mypy to find

        def __getattr__(self, name):
            return self.client(name)
