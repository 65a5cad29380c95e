"""The class that the host talks to: it hears of each file, and keeps what is new about it in its own database."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from viewra.sdk import Plugin, PluginContext
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.types import LibraryEvent

from .record import record, record_fate
from .tables import metadata

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class LibraryHistory(Plugin):
    """Remembers when files came, where they were and what their tags said."""

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
        """Let go of the database."""
        self._engine.dispose()

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Count anew."""
        del scan_job_id, library_id, library_path
        with self._lock:
            self._happened.clear()

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Compare the file with what was known of it; told of the same twice, nothing happens the second time."""
        with self._engine.begin() as connection:
            happened = record(connection, media_file_id, file_path, metadata, time.time_ns() // 1000)
        with self._lock:
            self._happened.update(happened)

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """Note what became of files that are known here."""
        with self._engine.begin() as connection:
            now = time.time_ns() // 1000
            happened = [kind for event in events for kind in record_fate(connection, event, now)]
        with self._lock:
            self._happened.update(happened)

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """Say what was new."""
        del library_id, stats
        with self._lock:
            happened = dict(self._happened)
        if happened:
            self.log.info("the library has changed", scan=scan_job_id, **happened)
