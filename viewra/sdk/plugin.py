"""The class that plugin authors subclass: defaults for the lifecycle, and what the host gives a plugin.

Nothing of it needs ``super()``: context, settings and logger are bound before ``initialize`` is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from viewra import types  # its classes are made when they are used: light start-up
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
    """A plugin. Define the methods of the services that it offers; override of the rest what you need."""

    _context: PluginContext | None = None
    _log: Logger | None = None
    _settings: Settings | None = None
    _broker: Broker | None = None

    # ---- what the host gives ----

    @property
    def context(self) -> PluginContext:
        """What the host said at ``initialize``; raises RuntimeError before that."""
        if self._context is None:
            raise RuntimeError(f"{type(self).__name__} has no context before the host has called initialize()")
        return self._context

    @property
    def settings(self) -> Settings:
        """The settings, checked and filled in by the manifest; empty before ``initialize``."""
        return self._settings if self._settings is not None else Settings({})

    @property
    def log(self) -> Logger:
        """The plugin's logger; what it writes arrives in the host's log."""
        return self._log if self._log is not None else Logger(to_logging(f"viewra.plugin.{type(self).__name__}"))

    @property
    def broker(self) -> Broker:
        """Further connections with the host, in either direction; raises RuntimeError in the host's own process."""
        if self._broker is None:
            raise RuntimeError(f"{type(self).__name__} has no broker: it does not run in a process of its own")
        return self._broker

    def bind(
        self, *, context: PluginContext | None = None, log: Logger | None = None, broker: Broker | None = None
    ) -> None:
        """Give the plugin its context, logger and broker: called by a host or a test, never by authors."""
        if context is not None:
            self._context = context
            self._settings = Settings.from_config(context.config)
        if log is not None:
            self._log = log
        if broker is not None:
            self._broker = broker

    # ---- lifecycle: see viewra.services.Implementation ----

    def initialize(self, context: PluginContext) -> None:
        """Get ready; ``self.settings`` and ``self.log`` are there already. Raise to say that it cannot run."""

    def start(self) -> None:
        """Begin what the plugin does by itself."""

    def quiesce(self) -> None:
        """Let go of what only one process can hold: another process replaces this one soon. Calls still come."""

    def stop(self) -> None:
        """End what ``start`` began."""

    def info(self) -> PluginInfo:
        """What the plugin is; what is left empty, the host takes from the manifest."""
        return types.PluginInfo(id=self._context.plugin_id if self._context else "")

    def health(self) -> Health:
        """Whether the plugin is well."""
        return types.Health(healthy=True)

    # ---- services: the plugin itself where it has their methods; one without a getter here needs none ----

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
        """Say in the log that a service is not offered, because some of its methods are missing."""
        self.log.warning(
            "a service is not offered: methods are missing", service=service.protocol_name, missing=missing
        )

    def _itself_as(self, name: str) -> S | None:
        itself: S | None = SERVICES[name].itself(self, self._partly_is)
        return itself
