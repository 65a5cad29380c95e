"""The base class for plugin authors: defaults for the lifecycle, and access to context, settings, log and broker.

Overriding methods need not call ``super()``: the host binds context, settings and logger before ``initialize``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from viewra import types  # light start-up: its classes are created at first use
from viewra.sdk.log import Logger, to_logging
from viewra.sdk.settings import Settings
from viewra.services import EXTENSIONS, SERVICES

if TYPE_CHECKING:
    from viewra.sdk.host import HostServices
    from viewra.sdk.http.asgi import Mounted
    from viewra.services import (
        AdminPageService,
        APIRegistrationService,
        ArtworkService,
        DatabaseService,
        EventService,
        HttpService,
        MetadataScraperService,
        ResizingService,
        ScannerHookService,
        SearchService,
        Service,
        TaskService,
    )
    from viewra.transport.broker import Broker
    from viewra.types import Health, PluginContext, PluginInfo

S = TypeVar("S")


class Plugin:
    """A plugin. Define the methods of the services that it offers, and override other methods as needed."""

    _context: PluginContext | None = None
    _log: Logger | None = None
    _settings: Settings | None = None
    _broker: Broker | None = None
    _host: HostServices | None = None
    _app: Mounted | None = None

    # ---- provided by the host ----

    @property
    def context(self) -> PluginContext:
        """The context that the host passed to ``initialize``; raises RuntimeError before that."""
        if self._context is None:
            raise RuntimeError(f"{type(self).__name__} has no context before the host has called initialize()")
        return self._context

    @property
    def settings(self) -> Settings:
        """The settings, checked and completed by the manifest; empty before ``initialize``."""
        return self._settings if self._settings is not None else Settings({})

    @property
    def log(self) -> Logger:
        """The plugin's logger; its records reach the host's log."""
        return self._log if self._log is not None else Logger(to_logging(f"viewra.plugin.{type(self).__name__}"))

    @property
    def broker(self) -> Broker:
        """Opens more connections with the host, in either direction; raises RuntimeError in the host's own process."""
        if self._broker is None:
            raise RuntimeError(f"{type(self).__name__} has no broker: it does not run in a process of its own")
        return self._broker

    @property
    def host(self) -> HostServices:
        """The services of the host, from ``initialize`` on; raises RuntimeError for an object that no host runs."""
        if self._host is None:
            raise RuntimeError(
                f"{type(self).__name__} has no host to ask; in a test, bind(host=viewra.testing.FakeHostServices())"
            )
        return self._host

    def bind(
        self,
        *,
        context: PluginContext | None = None,
        log: Logger | None = None,
        broker: Broker | None = None,
        host: HostServices | None = None,
    ) -> None:
        """Set context, logger, broker and host services. Called by a host or a test, never by authors."""
        if context is not None:
            self._context = context
            self._settings = Settings.from_config(context.config)
        if log is not None:
            self._log = log
        if broker is not None:
            self._broker = broker
        if host is not None:
            self._host = host

    # ---- lifecycle: see viewra.services.Implementation ----

    def initialize(self, context: PluginContext) -> None:
        """Prepare; ``self.settings`` and ``self.log`` are available. Raise an exception if the plugin cannot run."""

    def start(self) -> None:
        """Start background work."""

    def quiesce(self) -> None:
        """Release what only one process can hold: another process will replace this one soon. Calls still arrive."""

    def stop(self) -> None:
        """Stop everything that ``start`` started."""

    def info(self) -> PluginInfo:
        """The plugin's id, name, version and description; the host takes empty fields from the manifest."""
        return types.PluginInfo(id=self._context.plugin_id if self._context else "")

    def health(self) -> Health:
        """Report whether the plugin is healthy."""
        return types.Health(healthy=True)

    # ---- services: the plugin itself if it has their methods; a service without a getter here works too ----

    def metadata_scraper_service(self) -> MetadataScraperService | None:
        """The metadata scraper: by default this object, if it has the methods."""
        return self._itself_as("metadata_scraper")

    def scanner_hook_service(self) -> ScannerHookService | None:
        """The scanner hook: by default this object, if it has the methods."""
        return self._itself_as("scanner_hook")

    def database_service(self) -> DatabaseService | None:
        """The database service: by default this object, if it has the methods."""
        return self._itself_as("database")

    def admin_page_service(self) -> AdminPageService | None:
        """The admin pages: by default this object, if it has the methods."""
        return self._itself_as("admin_page")

    def api_registration_service(self) -> APIRegistrationService | None:
        """The HTTP routes: by default this object, if it has the methods; else those of the app that it mounts."""
        itself: APIRegistrationService | None = self._itself_as("api_registration")
        return self._mounted if itself is None else itself

    def search_service(self) -> SearchService | None:
        """The search: by default this object, if it has the methods."""
        return self._itself_as("search")

    def http_service(self) -> HttpService | None:
        """What answers requests: by default this object, if it has routes or pages; else the app that it mounts."""
        itself: HttpService | None = self._itself_as("http")
        return self._mounted if itself is None else itself

    def artwork_service(self) -> ArtworkService | None:
        """What finds pictures of files: by default this object, if it has the method."""
        return self._itself_as("artwork")

    def resizing_service(self) -> ResizingService | None:
        """What makes pictures smaller: by default this object, if it has the method."""
        return self._itself_as("resizing")

    def tasks_service(self) -> TaskService | None:
        """What executes tasks: by default this object, if it has ``execute_task``."""
        return self._itself_as("tasks")

    def events_service(self) -> EventService | None:
        """What hears of events: by default this object, if it has ``on_events`` or ``on_event``."""
        itself: EventService | None = self._itself_as("events")
        if itself is None and hasattr(self, "on_events"):
            from viewra.services.events import Together  # light start-up: few plugins hear of events

            return Together(self)
        return itself

    @property
    def _mounted(self) -> Mounted | None:
        """The ASGI app in the attribute ``asgi``, or that a method of this name returns."""
        if not hasattr(type(self), "asgi"):
            return None
        if self._app is None:
            from viewra.sdk.http.asgi import Mounted  # light start-up: few plugins mount an app

            self._app = Mounted(self)
        return self._app

    def _partly_is(self, service: Service, missing: list[str]) -> None:
        """Log that a service is not offered because some of its methods are missing."""
        self.log.warning(
            "a service is not offered: methods are missing", service=service.protocol_name, missing=missing
        )

    def _itself_as(self, name: str) -> S | None:
        service = SERVICES[name] if name in SERVICES else EXTENSIONS[name]
        itself: S | None = service.itself(self, self._partly_is)
        return itself
