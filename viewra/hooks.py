"""Declares the type of ``host.hook``: every hook as a method with its arguments, for type checkers and editors.

The contracts are the docstrings in viewra/hookspecs.py; a test compares the signatures. Arguments are keyword-only,
because pluggy accepts no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from viewra.services import ListenerSession, ScraperSession
from viewra.types import (
    AdminPage,
    APIRoute,
    Health,
    LibraryChange,
    PluginInfo,
    PluginState,
    Result,
    SearchCapabilities,
    SearchResponse,
)


class HostHooks(Protocol):
    """The hooks of viewra. Hooks of a program's own services are not declared here: call them on ``host.pm.hook``."""

    def plugin_info(self) -> list[Result[PluginInfo]]:
        """Ask each running plugin for its description of itself. Never starts a plugin."""
        ...

    def plugin_health(self) -> list[Result[Health]]:
        """Ask each running plugin for its health. Never starts a plugin. Unhealthy is a value, not an error."""
        ...

    def can_handle(self, *, file_path: str, mime_type: str) -> list[Result[bool]]:
        """Ask each metadata scraper whether it reads this file; ``mime_type`` may be ``""``."""
        ...

    def extract_metadata(self, *, file_path: str, mime_type: str) -> list[Result[Mapping[str, str]]]:
        """Read one file's metadata with each scraper that handles it; the list leaves out the other scrapers."""
        ...

    def get_supported_types(self) -> list[Result[tuple[str, ...]]]:
        """Ask each metadata scraper for the MIME types that it reads (``audio/*`` stands for all of audio)."""
        ...

    def open_scraper(self) -> list[Result[ScraperSession]]:
        """Open the batch form of ``extract_metadata``: returns a session for each scraper. A scan calls it once."""
        ...

    def on_media_file_scanned(
        self, *, media_file_id: int, file_path: str, metadata: Mapping[str, str]
    ) -> list[Result[None]]:
        """Tell each scanner hook of one file that is new, changed, moved or read again, and wait for their answers."""
        ...

    def on_scan_started(self, *, scan_job_id: int, library_id: int, library_path: str) -> list[Result[None]]:
        """Tell each scanner hook that a scan of a library begins, and wait for their answers."""
        ...

    def on_scan_completed(self, *, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> list[Result[None]]:
        """Tell each scanner hook that a scan ended; ``stats`` has the report's counts and ``status``, as text."""
        ...

    def open_listener(self) -> list[Result[ListenerSession]]:
        """Open ordered delivery of notifications: returns a session for each scanner hook."""
        ...

    def get_models(self) -> list[Result[tuple[str, ...]]]:
        """Ask each database service for the names of its tables."""
        ...

    def migrate(self, *, connection_string: str | None = None, plugin_id: str | None = None) -> list[Result[None]]:
        """Migrate each plugin's own database (or only that of ``plugin_id``) to its newest schema version."""
        ...

    def rollback(self, *, connection_string: str | None = None, plugin_id: str | None = None) -> list[Result[None]]:
        """Roll back one migration of each plugin's own database (or only that of ``plugin_id``); see ``migrate``."""
        ...

    def get_admin_pages(self) -> list[Result[tuple[AdminPage, ...]]]:
        """Ask each plugin for its pages in the admin area; paths are relative to the plugin's base path."""
        ...

    def register_routes(self, *, base_path: str, plugin_id: str | None = None) -> list[Result[None]]:
        """Tell each plugin with admin pages (or only ``plugin_id``) its pages' base path: ``<base_path>/<its id>``."""
        ...

    def get_registered_routes(self) -> list[Result[tuple[APIRoute, ...]]]:
        """Ask each plugin for its HTTP routes; paths are relative to the plugin's base path."""
        ...

    def search(self, *, query: Mapping[str, str], limit: int, offset: int) -> list[Result[SearchResponse]]:
        """Search each plugin's own source; ``query`` maps field names to text, and ``q`` means any field."""
        ...

    def get_search_capabilities(self) -> list[Result[SearchCapabilities]]:
        """Ask each search service which fields it can search."""
        ...

    def plugin_state_changed(self, *, plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        """Observe a plugin's state change; called soon after the change, in order, on a thread only for these calls."""
        ...

    def on_library_changed(self, *, changes: Sequence[LibraryChange], lost: bool) -> None:
        """Observe the files of the library: called soon after changes are stored, in order, at most 500 at once."""
        ...
