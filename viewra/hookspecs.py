"""Every hook of viewra, typed; the docstring is the contract.

Each call gives a list with one ``Result`` for each plugin that offers the service, in order of registration; a plugin
that failed is in the list with its error, and never keeps the others from answering. All plugins of one call work at
the same time, each within its own deadline. Adapters answer these hooks for plugins; a program that only wants to watch
registers an object of its own with ``hookimpl`` methods (``plugin_state_changed``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import pluggy

from viewra.types import (
    AdminPage,
    APIRoute,
    Health,
    PluginInfo,
    PluginState,
    Result,
    SearchCapabilities,
    SearchResponse,
)

if TYPE_CHECKING:
    from viewra.services import ListenerSession, ScraperSession

PROJECT = "viewra"
"""The name under which pluggy knows viewra's hooks."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def plugin_info() -> list[Result[PluginInfo]]:
    """Ask what each running plugin says of itself. Never wakes a plugin: one that does not run is not in the list."""


@hookspec
def plugin_health() -> list[Result[Health]]:
    """Ask each running plugin for its health. Never wakes a plugin. Unhealthy is a value, not an error."""


@hookspec
def can_handle(file_path: str, mime_type: str) -> list[Result[bool]]:
    """Ask each metadata scraper whether it reads this file; ``mime_type`` may be ``""``."""


@hookspec
def extract_metadata(file_path: str, mime_type: str) -> list[Result[Mapping[str, str]]]:
    """Read one file's metadata with each scraper that handles it; the others are not in the list.

    Several values of a field are one text, joined with ``; ``; the batch form keeps them apart.

    A scraper's supported types decide; only one that names none is asked ``can_handle``. A file that it cannot read is
    a ``PluginFault``. For many files use ``open_scraper``.
    """


@hookspec
def get_supported_types() -> list[Result[tuple[str, ...]]]:
    """Ask each metadata scraper for the MIME types that it reads (``audio/*`` stands for all of audio)."""


@hookspec
def open_scraper() -> list[Result[ScraperSession]]:
    """Open the batch form of ``extract_metadata``: called once by a scan, it gives a session for each scraper.

    Starts the plugin. The session needs no closing and lives as long as the plugin does.
    """


@hookspec
def on_media_file_scanned(media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> list[Result[None]]:
    """Tell each scanner hook of one file that is new, changed, moved or read again, and wait for their answers.

    Scans do not call this, they would wait for the slowest: they deliver through ``open_listener``.
    """


@hookspec
def on_scan_started(scan_job_id: int, library_id: int, library_path: str) -> list[Result[None]]:
    """Tell each scanner hook that a scan of a library begins, and wait for their answers."""


@hookspec
def on_scan_completed(scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> list[Result[None]]:
    """Tell each scanner hook that a scan ended; ``stats`` has the report's counts and ``status``, as text."""


@hookspec
def open_listener() -> list[Result[ListenerSession]]:
    """Open ordered delivery of notifications: it gives a session for each scanner hook.

    Does not start the plugin: the first delivery does.
    """


@hookspec
def get_models() -> list[Result[tuple[str, ...]]]:
    """Ask each database service for the names of its tables."""


@hookspec
def migrate(connection_string: str | None = None, plugin_id: str | None = None) -> list[Result[None]]:
    """Bring each plugin's own database (or that of ``plugin_id`` alone) to its newest version.

    Without ``connection_string`` each adapter puts in its own plugin's; a string is refused unless ``plugin_id`` is
    given, so that one database never reaches two plugins.
    """


@hookspec
def rollback(connection_string: str | None = None, plugin_id: str | None = None) -> list[Result[None]]:
    """Take each plugin's own database (or that of ``plugin_id`` alone) one version back; else as ``migrate``."""


@hookspec
def get_admin_pages() -> list[Result[tuple[AdminPage, ...]]]:
    """Ask each plugin for its pages in the admin area; paths are below the plugin's own base path."""


@hookspec
def register_routes(base_path: str, plugin_id: str | None = None) -> list[Result[None]]:
    """Tell each plugin with admin pages (or ``plugin_id`` alone) where its pages are: ``<base_path>/<its id>``."""


@hookspec
def get_registered_routes() -> list[Result[tuple[APIRoute, ...]]]:
    """Ask each plugin for its HTTP routes; paths are below the plugin's own base path, absolute ones are made so."""


@hookspec
def search(query: Mapping[str, str], limit: int, offset: int) -> list[Result[SearchResponse]]:
    """Search each plugin's own source; ``query`` maps field names to text, ``q`` stands for any field."""


@hookspec
def get_search_capabilities() -> list[Result[SearchCapabilities]]:
    """Ask each search service what it can search by."""


@hookspec
def plugin_state_changed(plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
    """Observe a plugin's state change; called soon after it, in order, on a thread that only tells of changes.

    It may take its time and call back into the host; others are told later then. Exceptions that it raises are logged.
    """


class Hooks(Protocol):
    """What features are given to call hooks with (``pluggy``'s ``pm.hook``), as far as they call them."""

    def open_scraper(self) -> list[Result[ScraperSession]]:
        """As the hook of this name."""
        ...

    def open_listener(self) -> list[Result[ListenerSession]]:
        """As the hook of this name."""
        ...

    def search(self, *, query: Mapping[str, str], limit: int, offset: int) -> list[Result[SearchResponse]]:
        """As the hook of this name."""
        ...
