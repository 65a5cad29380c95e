"""The base class for plugin authors: defaults for the lifecycle, and access to context, settings, log and broker.

Overriding methods need not call ``super()``: the host binds context, settings and logger before ``initialize``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from viewra import types  # light start-up: its classes are created at first use
from viewra.sdk.log import Logger, to_logging
from viewra.sdk.settings import Settings
from viewra.services import SERVICES

if TYPE_CHECKING:
    from viewra.services import (
        AdminPageService,
        APIRegistrationService,
        DatabaseService,
        MetadataScraperService,
        ScannerHookService,
        SearchService,
        Service,
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

    def bind(
        self, *, context: PluginContext | None = None, log: Logger | None = None, broker: Broker | None = None
    ) -> None:
        """Set context, logger and broker. Called by a host or a test, never by authors."""
        if context is not None:
            self._context = context
            self._settings = Settings.from_config(context.config)
        if log is not None:
            self._log = log
        if broker is not None:
            self._broker = broker

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
        """The HTTP routes: by default this object, if it has the methods."""
        return self._itself_as("api_registration")

    def search_service(self) -> SearchService | None:
        """The search: by default this object, if it has the methods."""
        return self._itself_as("search")

    def _partly_is(self, service: Service, missing: list[str]) -> None:
        """Log that a service is not offered because some of its methods are missing."""
        self.log.warning(
            "a service is not offered: methods are missing", service=service.protocol_name, missing=missing
        )

    def _itself_as(self, name: str) -> S | None:
        itself: S | None = SERVICES[name].itself(self, self._partly_is)
        return itself
