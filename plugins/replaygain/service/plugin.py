"""Defines the class that the host calls: after scans it finds music without ReplayGain, and has tasks measure it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from viewra.errors import NotFound
from viewra.sdk import Plugin, PluginContext
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.types import FileEntry, LibraryEvent, LibraryEventKind, NewTask, ScanEvent, ScanEventKind, Task

from .listening import Unheard, listen
from .loudness import Measured, gain, integrated, peak
from .store import State, Store
from .tables import metadata

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
TRACK_GAIN = "replaygain_track_gain"
_MUSIC = "kind:audio"
_AT_ONCE = 1000
"""Files of which it is decided together whether they are measured."""


class ReplayGain(Plugin):
    """Adds gains and peaks to the metadata of music."""

    _engine: sa.Engine

    def database_service(self) -> AlembicDatabaseService:
        """The table, and the migrations that make it."""
        return AlembicDatabaseService(metadata, MIGRATIONS)

    def initialize(self, context: PluginContext) -> None:
        """Open the database, which is at its newest revision by now."""
        self._engine = open_engine(context.database_url)
        self._store = Store(self._engine)

    def on_settings_changed(self) -> None:
        """Look for music that counts by the new settings."""
        self.host.tasks.enqueue("find", key="find")

    def start(self) -> None:
        """Tell the operator if it cannot work."""
        if not _has_av():
            self.host.notify("nothing is measured: pip install av", level="warning", key="av")

    def stop(self) -> None:
        """Close the database."""
        self._engine.dispose()

    # ---- scans ----

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Nothing: music is looked for at the end."""
        del scan_job_id, library_id, library_path

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Have a file looked at when the scan has ended, and its album is complete."""
        del file_path, metadata
        self._store.found([media_file_id])

    def on_scan_events(self, events: Sequence[ScanEvent]) -> None:
        """As the methods for one notification, with several files at once."""
        self._store.found(event.media_file_id for event in events if event.kind is ScanEventKind.FILE)
        if any(event.kind is ScanEventKind.COMPLETED for event in events):
            self.host.tasks.enqueue("find", key="find")

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """Look for music."""
        del scan_job_id, library_id, stats
        self.host.tasks.enqueue("find", key="find")

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """Forget files that the library has forgotten."""
        self._store.forget([event.media_file_id for event in events if event.kind == LibraryEventKind.PURGED])

    # ---- tasks ----

    def execute_task(self, task: Task) -> None:
        """Find what is to be measured, or measure an album, or a track of none."""
        if not _has_av():
            return
        if task.name == "find":
            self._find(task)
            return
        number = int(str(task.data))
        query = f"album_id:{number} sort:track" if task.name == "album" else f"id:{number}"
        self._measure(task, [one for page in self.host.library.pages(f"{_MUSIC} {query}") for one in page])

    def _find(self, task: Task) -> None:
        """Enqueue what is to be measured: at first of the whole library, later of what scans have found."""
        if self.host.kv.get("walked") != self.settings.tagged:  # never, or when other files counted
            for page in self.host.library.pages(_MUSIC):
                if not task.wanted():
                    return
                self._enqueue(page)
            self.host.kv.set("walked", self.settings.tagged)
        while task.wanted() and (ids := self._store.pending(_AT_ONCE)):
            self._enqueue(self.host.library.with_ids(ids, _MUSIC))
            self._store.looked_at(ids)

    def _enqueue(self, entries: Sequence[FileEntry]) -> None:
        tasks: dict[str, NewTask] = {}
        for one in self._wanting(entries):
            name, number = ("album", one.album_id) if one.album_id is not None else ("track", one.id)
            tasks.setdefault(f"{name} {number}", NewTask(name, number, key=f"{name} {number}"))
        self.host.tasks.enqueue_many(list(tasks.values()))

    def _wanting(self, entries: Sequence[FileEntry]) -> Iterator[FileEntry]:
        """Those that have no gain, or have been changed since they were measured."""
        ids = [one.id for one in entries]
        known = self.host.library.metadata(ids, [TRACK_GAIN]) if ids else {}
        before = self._store.states(ids)
        for one in entries:
            state = _state(one.path)
            if state is None or before.get(one.id) == state:
                continue
            if one.id in before or self.settings.tagged or TRACK_GAIN not in known.get(one.id, {}):
                yield one

    def _measure(self, task: Task, entries: Sequence[FileEntry]) -> None:
        """Measure files that belong together, and add what they have in common if all of them can be heard."""
        heard: dict[int, Measured] = {}
        states: dict[int, State] = {}
        for done, one in enumerate(entries):
            self.host.progress.report("measuring", done, len(entries), text=one.album or one.title)
            state = _state(one.path)
            if state is None:  # it went away meanwhile
                continue
            states[one.id] = state
            try:
                found = listen(one.path, task.wanted)
            except (Unheard, OSError) as error:
                self.log.warning("a file cannot be measured", file=one.path, error=str(error))
                continue
            if found is None:
                return
            heard[one.id] = found
        self.host.progress.end("measuring")
        self._put(heard, whole=task.name == "album" and len(heard) == len(entries))
        self._store.note(states)  # also those that cannot be heard: they are not tried again until they change

    def _put(self, heard: Mapping[int, Measured], *, whole: bool) -> None:
        reference = float(self.settings.reference_lufs)
        common: dict[str, str] = {"replaygain_reference_loudness": f"{reference:.2f} LUFS"}
        album = integrated(heard.values()) if whole else None
        if album is not None:
            common["replaygain_album_gain"] = gain(album, reference)
            common["replaygain_album_peak"] = peak(max(one.peak for one in heard.values()))
        for number, one in heard.items():
            try:
                self.host.metadata.put(number, self._said(number, one, common))
            except NotFound:  # it was forgotten meanwhile
                continue

    def _said(self, number: int, heard: Measured, common: Mapping[str, str]) -> dict[str, str]:
        """What is added to a track: nothing to silence, nor where tags have a gain, which has its own reference."""
        lufs = integrated([heard])
        known = self.host.library.file(number).metadata.get(TRACK_GAIN)
        is_tagged = known is not None and known.plugin != self.context.plugin_id
        if lufs is None or (is_tagged and not self.settings.tagged):
            return {}
        reference = float(self.settings.reference_lufs)
        return {**common, TRACK_GAIN: gain(lufs, reference), "replaygain_track_peak": peak(heard.peak)}


def _has_av() -> bool:
    return importlib.util.find_spec("av") is not None


def _state(path: str) -> State | None:
    """Size and time of change; None for a file that is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116 - no Path is needed for thousands of texts
    except OSError:
        return None
    return State(status.st_size, status.st_mtime_ns)
