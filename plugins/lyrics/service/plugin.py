"""Defines the class that the host calls: after scans, tasks look for the words of songs, and add them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from viewra.errors import FetchFailed, HostTimeout, NotFound, PermissionDenied, QuotaExceeded, UsageError
from viewra.sdk import Plugin, PluginContext
from viewra.sdk.reach import Reach
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.types import Later, LibraryEvent, LibraryEventKind, NewTask, ScanEvent, ScanEventKind, Task

from . import lrclib, songs
from .beside import beside
from .songs import IDS_A_QUERY, Song
from .store import Asked, Store
from .tables import metadata
from .words import Words, read

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
_LOOK, _ASK, _WALK = "look", "ask", "walk"
_DAY_S = 86_400
_LATER_S = 600.0
"""Pause until it is looked again whether work can go on."""
_SERVER = "server"
Online = Callable[[Song], Words | None]
"""Says which words the server has for a song."""


class _Unasked(Exception):
    """The server has to be asked."""


class Lyrics(Plugin):
    """Adds words to the metadata of songs."""

    _engine: sa.Engine

    def database_service(self) -> AlembicDatabaseService:
        """The table, and the migrations that make it."""
        return AlembicDatabaseService(metadata, MIGRATIONS)

    def initialize(self, context: PluginContext) -> None:
        """Open the database, which is at its newest revision by now."""
        self._engine = open_engine(context.database_url)
        self._store = Store(self._engine)
        self._busy_until = 0.0
        self._reach = Reach()
        self._is_told = True  # perhaps, by an earlier process

    def start(self) -> None:
        """Take back what was said of the server: it may be another one now."""
        self._take_back()

    def stop(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def on_settings_changed(self) -> None:
        """Look again through the whole library, by the new settings."""
        self._busy_until = 0.0
        self._take_back()
        self.host.tasks.enqueue(_WALK, key=_WALK)

    # ---- scans ----

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Nothing: songs are looked at when they have been read."""
        del scan_job_id, library_id, library_path

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Have a file looked at."""
        del file_path, metadata
        self._look_at([media_file_id])

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """Look through the whole library, if that was never done by these settings."""
        del scan_job_id, library_id, stats
        self.host.tasks.enqueue(_WALK, key=_WALK)

    def on_scan_events(self, events: Sequence[ScanEvent]) -> None:
        """As the methods for one notification, with several files at once."""
        self._look_at([event.media_file_id for event in events if event.kind is ScanEventKind.FILE])
        if any(event.kind is ScanEventKind.COMPLETED for event in events):
            self.host.tasks.enqueue(_WALK, key=_WALK)

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """Look again at songs whose lyrics files came or went; forget songs that the library has forgotten."""
        self._store.forget([event.media_file_id for event in events if event.kind is LibraryEventKind.PURGED])
        self._look_at([event.media_file_id for event in events if event.kind is not LibraryEventKind.PURGED])

    def _look_at(self, ids: Sequence[int]) -> None:
        parts = [list(ids[begin : begin + IDS_A_QUERY]) for begin in range(0, len(ids), IDS_A_QUERY)]
        self.host.tasks.enqueue_many([NewTask(_LOOK, part, priority=1) for part in parts])

    # ---- tasks ----

    def execute_task(self, task: Task) -> Later | None:
        """Look through the library, look at some files, or have the server asked for one song."""
        if task.name == _ASK:
            return self._ask(self._songs([task.data]))
        try:
            if task.name == _WALK:
                self._walk(task)
            else:
                self._look(self._songs(task.data))
        except QuotaExceeded as error:  # as many tasks as there may be are waiting
            self.log.warning("looking for words has to wait", error=error.message)
            return Later(_LATER_S)
        return None

    def _songs(self, ids: object) -> list[Song]:
        known = [int(one) for one in ids if isinstance(one, int)] if isinstance(ids, list) else []
        return songs.of_files(self.host.library, known, self.context.plugin_id)

    def _walk(self, task: Task) -> None:
        """Have all songs looked at, once for these settings."""
        settings = self.settings
        done = json.dumps([list(settings.order), settings.seek_times, settings.url, settings.legacy_encoding])
        if self.host.kv.get("walked") == done:
            return
        for ids in songs.ids_of_library(self.host.library):
            if not task.wanted():
                return
            self._look_at(ids)
        self.host.kv.set("walked", done)

    def _look(self, found: Sequence[Song]) -> None:
        """Take the words that are at hand; for other songs a task asks the server."""
        known = self._store.of([song.id for song in found])
        asks: list[NewTask] = []
        for song in found:
            try:
                self._take(song, self._chosen(song, lambda one: self._known(one, known.get(one.id))))
            except _Unasked:
                asks.append(NewTask(_ASK, song.id, key=f"{song.id} {song.question(self.settings.url)}"))
        self.host.tasks.enqueue_many(asks)

    def _ask(self, found: Sequence[Song]) -> Later | None:
        """Take the words of a song, from the server if need be."""
        if (wait_s := self._busy_until - time.monotonic()) > 0:
            return Later(wait_s)
        try:
            for song in found:
                self._take(song, self._chosen(song, self._asked))
        except lrclib.Busy as error:
            return self._wait(error.seconds)
        except (FetchFailed, HostTimeout) as error:
            if seconds := self._reach.failed():
                return self._complain(str(error), "warning", seconds)
            raise
        except (PermissionDenied, UsageError) as error:
            reason = f"{error.message} ({error.hint})" if error.hint else error.message
            return self._complain(reason, "error", _LATER_S)
        return None

    def _wait(self, seconds: float) -> Later:
        self._busy_until = time.monotonic() + seconds
        return Later(seconds)

    def _complain(self, reason: str, level: Literal["warning", "error"], seconds: float) -> Later:
        """Tell the operator, and wait: asking for the next song would end as this did."""
        self.host.notify(f"nobody can be asked for words: {reason}", level=level, key=_SERVER)
        self._is_told = True
        return self._wait(seconds)

    def _take_back(self) -> None:
        if self._is_told:
            self.host.notify.withdraw(_SERVER)
            self._is_told = False

    def _chosen(self, song: Song, online: Online) -> Words | None:
        """The words that count by the order of the settings."""
        first: Words | None = None
        for source in dict.fromkeys(self.settings.order):
            words = self._found(source, song, online)
            if words is not None and (words.timed or words.instrumental or not self.settings.seek_times):
                return words
            first = first or words
        return first

    def _found(self, source: str, song: Song, online: Online) -> Words | None:
        if source == "online":
            return online(song) if song.can_be_asked_for else None
        if source == "beside":
            return beside(song.path, self.settings.legacy_encoding)
        return read(song.embedded, source)

    def _known(self, song: Song, known: Asked | None) -> Words | None:
        """What the server has said; raises _Unasked if it was not asked this, or too long ago."""
        if known is None or known.question != song.question(self.settings.url):
            raise _Unasked
        if known.found and song.own is not None and song.own.source == lrclib.SOURCE:
            return song.own
        if known.found or time.time() - known.asked_at > self.settings.ask_again_days * _DAY_S:
            raise _Unasked
        return None

    def _asked(self, song: Song) -> Words | None:
        """What the server says, now or before."""
        try:
            return self._known(song, self._store.of([song.id]).get(song.id))
        except _Unasked:
            words = lrclib.ask(self.host.fetch, self.settings.url, song)
            self._reach.answered()
            self._take_back()
            self._store.note(song.id, Asked(song.question(self.settings.url), words is not None, int(time.time())))
            return words

    def _take(self, song: Song, words: Words | None) -> None:
        """Put words, unless these are there; what is in tags need not be put, unless it has times."""
        new = words if words is not None and (words.timed or words.source != "embedded") else None
        if new == song.own:
            return
        try:
            self.host.metadata.put(song.id, new.metadata() if new is not None else {})
        except NotFound:  # it was forgotten meanwhile
            return
