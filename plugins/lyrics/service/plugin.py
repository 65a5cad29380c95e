"""Defines the class that the host calls: after scans, tasks look for the words of songs, and add them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import sqlalchemy as sa

from viewra.errors import NotFound
from viewra.sdk import Enricher, PluginContext
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.types import LibraryEventKind, NewTask, Task

from . import lrclib, songs
from .beside import beside
from .songs import Song
from .store import Asked, Store
from .tables import metadata
from .words import Words, read

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
_DAY_S = 86_400
_SERVER = "server"
Online = Callable[[Song], Words | None]
"""Says which words the server has for a song."""


class _Unasked(Exception):
    """The server has to be asked."""


class Lyrics(Enricher):
    """Adds words to the metadata of songs."""

    query = "kind:audio"
    look_again = frozenset(LibraryEventKind) - {LibraryEventKind.PURGED}  # lyrics files come and go
    complaints: ClassVar = {_SERVER: "nobody can be asked for words"}
    _engine: sa.Engine

    def database_service(self) -> AlembicDatabaseService:
        """The table, and the migrations that make it."""
        return AlembicDatabaseService(metadata, MIGRATIONS)

    def initialize(self, context: PluginContext) -> None:
        """Open the database, which is at its newest revision by now."""
        self._engine = open_engine(context.database_url)
        self._store = Store(self._engine)

    def stop(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def basis(self) -> object:
        """What of the settings decides which words are taken."""
        settings = self.settings
        return [list(settings.order), settings.seek_times, settings.url, settings.legacy_encoding]

    def forget(self, ids: Sequence[int]) -> None:
        """Forget what the server has said of files."""
        self._store.forget(ids)

    def look_at(self, ids: Sequence[int]) -> list[NewTask]:
        """Take the words that are at hand; for other songs a task asks the server."""
        found = self._songs(ids)
        known = self._store.of([song.id for song in found])
        asks: list[NewTask] = []
        for song in found:
            try:
                self._take(song, self._chosen(song, lambda one: self._known(one, known.get(one.id))))
            except _Unasked:
                asks.append(NewTask("ask", song.id, key=f"{song.id} {song.question(self.settings.url)}"))
        return asks

    def enrich(self, task: Task) -> None:
        """Take the words of a song, from the server if need be."""
        for song in self._songs([task.data] if isinstance(task.data, int) else []):
            self._take(song, self._chosen(song, self._asked))

    def _songs(self, ids: Sequence[int]) -> list[Song]:
        return songs.of_files(self.host.library, ids, self.context.plugin_id)

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
            with self.asking(_SERVER):
                words = lrclib.ask(self.host.fetch, self.settings.url, song)
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
