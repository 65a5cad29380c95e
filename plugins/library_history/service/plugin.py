"""Defines the class that the host calls: it gets a notification of each file and stores changes in its database."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from viewra.sdk import Plugin, PluginContext
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.types import LibraryEvent, ScanEvent, ScanEventKind

from .record import record, record_all, record_fate
from .tables import metadata

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class LibraryHistory(Plugin):
    """Records when files were added, their earlier paths and their earlier tags."""

    _engine: sa.Engine

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._happened: Counter[str] = Counter()

    def database_service(self) -> AlembicDatabaseService:
        """The tables, and the migrations that make them."""
        return AlembicDatabaseService(metadata, MIGRATIONS, engines=("sqlite", "postgresql"))

    def initialize(self, context: PluginContext) -> None:
        """Open the database, which is at its newest revision by now."""
        self._engine = open_engine(context.database_url)

    def stop(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Reset the counters."""
        del scan_job_id, library_id, library_path
        with self._lock:
            self._happened.clear()

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Compare the file with its stored state; a repeated notification has no effect."""
        with self._engine.begin() as connection:
            happened = record(connection, media_file_id, file_path, metadata, time.time_ns() // 1000)
        with self._lock:
            self._happened.update(happened)

    def on_scan_events(self, events: Sequence[ScanEvent]) -> None:
        """As the methods for one notification, with one transaction for several files."""
        at_files: list[ScanEvent] = []
        for event in events:
            if event.kind is ScanEventKind.FILE:
                at_files.append(event)
                continue
            self._record(at_files)
            at_files = []
            if event.kind is ScanEventKind.STARTED:
                self.on_scan_started(event.scan_job_id, event.library_id, event.library_path)
            else:
                self.on_scan_completed(event.scan_job_id, event.library_id, event.stats)
        self._record(at_files)

    def _record(self, events: Sequence[ScanEvent]) -> None:
        if not events:
            return
        with self._engine.begin() as connection:
            happened = record_all(connection, events, time.time_ns() // 1000)
        with self._lock:
            self._happened.update(happened)

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """Record what happened to known files."""
        with self._engine.begin() as connection:
            now = time.time_ns() // 1000
            happened = [kind for event in events for kind in record_fate(connection, event, now)]
        with self._lock:
            self._happened.update(happened)

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """Log the number of changes."""
        del library_id, stats
        with self._lock:
            happened = dict(self._happened)
        if happened:
            self.log.info("the library has changed", scan=scan_job_id, **happened)
