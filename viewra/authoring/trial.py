"""Scans the library with the plugin, and finds out what it said of each file."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence

import attrs

from viewra import library
from viewra.authoring.traces import OwnLine, own_line
from viewra.authoring.workshop import Workshop
from viewra.errors import NotOffered, PluginError, PluginFault
from viewra.library.listing.paging import MAX_LIMIT
from viewra.transport.hclog import LogRecord
from viewra.types import AdminPage, APIRoute, SearchCapabilities
from viewra.types.values import Value

SHOWN = 25
"""Files of which it is told what the plugin said; the others are counted."""
NOTIFY_S, STALL_S = 10.0, 2.0
"""Seconds for a listener to take the notifications of the scan, and without progress."""

TRACE_S = 1.0
"""Seconds for a traceback to come: it is written to the plugin's stderr beside the answer of the call."""


@attrs.frozen
class FileSaid:
    """What the plugin said of one file: ``fields``, or why it failed, at which line of its code.

    ``path`` is relative to the library. A file with neither is not one that the plugin reads, or it has nothing to say.
    """

    path: str
    mime_type: str
    fields: Mapping[str, Value]
    error: str = ""
    line: OwnLine | None = None


@attrs.frozen
class Trial:
    """One scan: ``files`` as far as they are shown, of ``total``; ``pending`` notifications were not taken in time.

    ``problems`` are failures that concern more than one file, such as a crash at each. ``reads`` are the types that the
    plugin reads; the last three are what it offers, None for services it has not.
    """

    files: tuple[FileSaid, ...]
    total: int
    seconds: float
    pending: int
    problems: tuple[str, ...]
    reads: tuple[str, ...] | None
    pages: tuple[AdminPage, ...] | None
    routes: tuple[APIRoute, ...] | None
    search: SearchCapabilities | None


def try_out(workshop: Workshop, cancel: threading.Event | None = None) -> Trial:
    """Scan the whole library, and ask the plugin for what it offers. Raises a PluginError if that fails."""
    plugin, host = workshop.plugin, workshop.host
    crashes = plugin.stats.crashes
    report = host.scan(workshop.library, full=True, cancel=cancel)
    pending = host.finish_notifications(NOTIFY_S, cancel=cancel, stall_s=STALL_S)
    page = host.library.files(limit=SHOWN)
    crashed = plugin.stats.crashes > crashes
    failures = {one.path: one.error for one in host.library.failures(plugin_id=plugin.id, limit=MAX_LIMIT).items}
    return Trial(
        tuple(_said(workshop, one.id, failures.get(library.display(one.path)), crashed) for one in page.items),
        report.counts.seen,
        report.duration_s,
        pending.get(plugin.id, 0),
        tuple(one.error for one in report.failures if library.display(one.path) not in failures),
        plugin.metadata_scraper.get_supported_types() if plugin.metadata_scraper is not None else None,
        plugin.admin_page.get_admin_pages() if plugin.admin_page is not None else None,
        plugin.api_registration.get_registered_routes() if plugin.api_registration is not None else None,
        plugin.search.get_search_capabilities() if plugin.search is not None else None,
    )


def _said(workshop: Workshop, file_id: int, error: str | None, crashed: bool) -> FileSaid:
    file = workshop.host.library.file(file_id)
    fields = {name: said.value for name, said in file.metadata.items()}
    path = os.path.relpath(file.path, workshop.library)
    if error is None:
        return FileSaid(path, file.mime_type, fields)
    # A file that may have crashed the plugin is not read again: that would count for its quarantine.
    line = None if crashed else _failing_line(workshop, file.path)
    return FileSaid(path, file.mime_type, fields, error, line)


def _failing_line(workshop: Workshop, path: str) -> OwnLine | None:
    """Read the file again by itself: the traceback of a batch's file is in no log."""
    scraper = workshop.plugin.metadata_scraper
    if scraper is None:
        return None
    try:
        scraper.extract_metadata(path)
    except PluginError as error:
        return line_of(workshop, error)
    return None


def line_of(workshop: Workshop, error: PluginError, before: Sequence[LogRecord] = ()) -> OwnLine | None:
    """The line of the author's code at which a call or a start failed, if the plugin's output tells.

    ``before`` are the records of its log that are older than the failure.
    """
    if isinstance(error, NotOffered):
        return None
    call_id = error.call_id if isinstance(error, PluginFault) else ""
    return own_line([str(error), *_traces(workshop, call_id, before)], workshop.directory)


def _traces(workshop: Workshop, call_id: str, before: Sequence[LogRecord]) -> list[str]:
    """The tracebacks in the plugin's log, the newest first; with an id that of one call, which may still be coming."""
    until = time.monotonic() + TRACE_S
    old = set(map(id, before))
    while True:
        fresh = [one for one in workshop.plugin.logs if id(one) not in old]
        records = [one for one in reversed(fresh) if "traceback" in one.fields]
        if call_id:
            records = [one for one in records if one.fields.get("call_id") == call_id]
        if records or not call_id or time.monotonic() >= until:
            return [str(one.fields["traceback"]) for one in records]
        threading.Event().wait(0.02)
