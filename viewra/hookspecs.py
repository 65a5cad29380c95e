"""Specifies every hook of viewra with its types; the docstring of a hook is its contract.

Each call returns a list with one ``Result`` for each plugin that offers the service, in order of registration. A plugin
that fails is in the list with its error and does not prevent the others from answering. All plugins of one call work
concurrently, each within its own deadline. Adapters answer these hooks for plugins; a program that only observes
registers an object of its own with ``hookimpl`` methods (``plugin_state_changed``, ``on_library_changed``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import pluggy

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

if TYPE_CHECKING:
    from viewra.services import ListenerSession, ScraperSession

PROJECT = "viewra"
"""The project name of viewra's hooks in pluggy."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def plugin_info() -> list[Result[PluginInfo]]:
    """Ask each running plugin for its description of itself. Never starts a plugin: the list has only running ones."""


@hookspec
def plugin_health() -> list[Result[Health]]:
    """Ask each running plugin for its health. Never starts a plugin. Unhealthy is a value, not an error."""


@hookspec
def can_handle(file_path: str, mime_type: str) -> list[Result[bool]]:
    """Ask each metadata scraper whether it reads this file; ``mime_type`` may be ``""``."""


@hookspec
def extract_metadata(file_path: str, mime_type: str) -> list[Result[Mapping[str, str]]]:
    """Read one file's metadata with each scraper that handles it; the list leaves out the other scrapers.

    Several values of a field are joined with ``; `` into one text; the batch form keeps them separate.

    A scraper's supported types decide whether it handles the file; the host calls ``can_handle`` only if the scraper
    names no types. A file that a scraper cannot read is a ``PluginFault``. For many files use ``open_scraper``.
    """


@hookspec
def get_supported_types() -> list[Result[tuple[str, ...]]]:
    """Ask each metadata scraper for the MIME types that it reads (``audio/*`` means all audio types)."""


@hookspec
def open_scraper() -> list[Result[ScraperSession]]:
    """Open the batch form of ``extract_metadata``: returns a session for each scraper. A scan calls it once.

    Starts the plugin. The session needs no closing and is valid as long as the plugin is registered.
    """


@hookspec
def on_media_file_scanned(media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> list[Result[None]]:
    """Tell each scanner hook of one file that is new, changed, moved or read again, and wait for their answers.

    Scans do not call this hook, because they would wait for the slowest plugin; they use ``open_listener``.
    """


@hookspec
def on_scan_started(scan_job_id: int, library_id: int, library_path: str) -> list[Result[None]]:
    """Tell each scanner hook that a scan of a library begins, and wait for their answers."""


@hookspec
def on_scan_completed(scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> list[Result[None]]:
    """Tell each scanner hook that a scan ended; ``stats`` has the report's counts and ``status``, as text."""


@hookspec
def open_listener() -> list[Result[ListenerSession]]:
    """Open ordered delivery of notifications: returns a session for each scanner hook.

    Does not start the plugin; the first delivery starts it.
    """


@hookspec
def get_models() -> list[Result[tuple[str, ...]]]:
    """Ask each database service for the names of its tables."""


@hookspec
def migrate(connection_string: str | None = None, plugin_id: str | None = None) -> list[Result[None]]:
    """Migrate each plugin's own database (or only that of ``plugin_id``) to its newest schema version.

    Without ``connection_string`` each adapter passes its own plugin's database. ``connection_string`` requires
    ``plugin_id``, so that two plugins never get the same database.
    """


@hookspec
def rollback(connection_string: str | None = None, plugin_id: str | None = None) -> list[Result[None]]:
    """Roll back one migration of each plugin's own database (or only that of ``plugin_id``); see ``migrate``."""


@hookspec
def get_admin_pages() -> list[Result[tuple[AdminPage, ...]]]:
    """Ask each plugin for its pages in the admin area; paths are relative to the plugin's base path."""


@hookspec
def register_routes(base_path: str, plugin_id: str | None = None) -> list[Result[None]]:
    """Tell each plugin with admin pages (or only ``plugin_id``) its pages' base path: ``<base_path>/<its id>``."""


@hookspec
def get_registered_routes() -> list[Result[tuple[APIRoute, ...]]]:
    """Ask each plugin for its HTTP routes; the host makes absolute paths relative to the plugin's base path."""


@hookspec
def search(query: Mapping[str, str], limit: int, offset: int) -> list[Result[SearchResponse]]:
    """Search each plugin's own source; ``query`` maps field names to text, and ``q`` means any field."""


@hookspec
def get_search_capabilities() -> list[Result[SearchCapabilities]]:
    """Ask each search service which fields it can search."""


@hookspec
def plugin_state_changed(plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
    """Observe a plugin's state change; called soon after the change, in order, on a thread used only for these calls.

    An implementation may be slow and may call the host; later changes wait for it. The host logs its exceptions.
    """


@hookspec
def on_library_changed(changes: Sequence[LibraryChange], lost: bool) -> None:
    """Observe the files of the library: called soon after changes are stored, in order, with at most 500 of them.

    Each observer is called on a thread of its own, one call at a time, so it may take its time, fail, or ask the
    library: neither scans nor other observers wait. ``lost``: before these changes were others that it is not told of,
    because it was too far behind; it must look at the whole library again. Only what this host changes is told, from
    the observer's registration on. Exceptions are logged.
    """


class Hooks(Protocol):
    """The hooks that viewra's library calls, so that ``pluggy``'s ``pm.hook`` fits without an import of the host."""

    def open_scraper(self) -> list[Result[ScraperSession]]:
        """Call the hook of this name."""
        ...

    def open_listener(self) -> list[Result[ListenerSession]]:
        """Call the hook of this name."""
        ...

    def search(self, *, query: Mapping[str, str], limit: int, offset: int) -> list[Result[SearchResponse]]:
        """Call the hook of this name."""
        ...
