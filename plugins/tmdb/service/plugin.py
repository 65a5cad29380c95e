"""Defines the class that the host calls: after scans, tasks find films and episodes, and add what they are about."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Literal

from viewra.errors import FetchFailed, HostTimeout, NotFound, PermissionDenied, QuotaExceeded, UsageError
from viewra.sdk import Plugin
from viewra.sdk.reach import Reach
from viewra.types import Later, LibraryEvent, LibraryEventKind, NewTask, ScanEvent, ScanEventKind, Task

from . import posters
from .api import Api, Busy, Refused
from .identifying import Found, identified
from .videos import IDS_A_QUERY, Video, ids_of, ids_of_library, video

_WALK, _FILES, _VIDEO = "walk", "files", "video"
_SETTLE_S = 60.0
"""Seconds after a file was read until it is looked at: by then the nfo files beside it have been read, too."""
_LATER_S = 600.0
"""Pause until it is looked again whether work can go on."""
_DAY_S = 86_400.0
_SERVER, _PICTURES = "server", "pictures"


class _NoPicture(Exception):
    """A poster cannot be fetched now, which holds up no other film's description: ``seconds`` until it may be."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Tmdb(Plugin):
    """Adds what The Movie Database says of films and episodes."""

    _busy_until = 0.0
    _is_told = True  # perhaps, by an earlier process

    def start(self) -> None:
        """Take back what was said of the server: it may be another one now, and the key may be."""
        self._reach = Reach()
        self._take_back()

    def on_settings_changed(self) -> None:
        """Look again through the whole library, by the new settings."""
        self._busy_until = 0.0
        self._take_back()
        self.host.tasks.enqueue(_WALK, key=_WALK)

    # ---- scans ----

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Nothing: films are looked at when they have been read."""
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
        """Forget files that the library has forgotten; look again at those that moved or have returned."""
        kinds = (LibraryEventKind.MOVED, LibraryEventKind.RETURNED)
        self._look_at([event.media_file_id for event in events if event.kind in kinds])
        for event in events:
            if event.kind is LibraryEventKind.PURGED:
                self.host.kv.delete(_key(event.media_file_id))

    def _look_at(self, ids: Sequence[int]) -> None:
        parts = [list(ids[begin : begin + IDS_A_QUERY]) for begin in range(0, len(ids), IDS_A_QUERY)]
        self.host.tasks.enqueue_many([NewTask(_FILES, part, delay_s=_SETTLE_S, priority=1) for part in parts])

    # ---- tasks ----

    def execute_task(self, task: Task) -> Later | None:
        """Find what is to be looked at, or ask the server for one film or episode."""
        if task.name == _VIDEO:
            return self._describe(task.data)
        try:
            if task.name == _WALK:
                self._walk(task)
            elif isinstance(task.data, list):
                self._enqueue(ids_of(self.host.library, [one for one in task.data if isinstance(one, int)]))
        except QuotaExceeded as error:  # as many tasks as there may be are waiting
            self.log.warning("looking for films has to wait", error=error.message)
            return Later(_LATER_S)
        return None

    def _walk(self, task: Task) -> None:
        """Have all films and episodes looked at, once for these settings."""
        done = self._by()
        if self.host.kv.get("walked") == done:
            return
        for ids in ids_of_library(self.host.library):
            if not task.wanted():
                return
            self._enqueue(ids)
        self.host.kv.set("walked", done)

    def _enqueue(self, ids: Sequence[int]) -> None:
        self.host.tasks.enqueue_many([NewTask(_VIDEO, one, key=_key(one)) for one in ids])

    def _by(self) -> str:
        """What of the settings decides what is added."""
        settings = self.settings
        return json.dumps([settings.url, settings.language, settings.posters, settings.poster_size, settings.image_url])

    def _describe(self, file_id: object) -> Later | None:
        if (wait_s := self._busy_until - time.monotonic()) > 0:
            return Later(wait_s)
        found = video(self.host.library, file_id, self.context.plugin_id) if isinstance(file_id, int) else None
        if found is None:
            return None
        try:
            self._asked(found)
        except Busy as error:
            return self._wait(error.seconds)
        except _NoPicture as error:
            self.host.notify(f"posters cannot be fetched: {error}", level="warning", key=_PICTURES)
            self._is_told = True
            return Later(error.seconds)
        except (FetchFailed, HostTimeout) as error:
            if seconds := self._reach.failed():
                return self._complain(str(error), "warning", seconds)
            raise
        except Refused:
            return self._complain("the server does not accept the key: set api_key to the API Read Access Token")
        except (PermissionDenied, UsageError, NotFound) as error:  # of fetch: no right, no address, no key
            return self._complain(f"{error.message} ({error.hint})" if error.hint else error.message)
        return None

    def _complain(self, reason: str, level: Literal["warning", "error"] = "error", seconds: float = _LATER_S) -> Later:
        """Tell the operator, and wait: asking for the next film would end as this did."""
        self.host.notify(f"nobody can be asked for films: {reason}", level=level, key=_SERVER)
        self._is_told = True
        return self._wait(seconds)

    def _wait(self, seconds: float) -> Later:
        self._busy_until = time.monotonic() + seconds
        return Later(seconds)

    def _take_back(self) -> None:
        if self._is_told:
            self.host.notify.withdraw(_SERVER)
            self.host.notify.withdraw(_PICTURES)
            self._is_told = False

    def _asked(self, one: Video) -> None:
        """Add what the server says, unless that was done for this question."""
        question = f"{one.question} {self._by()}"
        known = self.host.kv.get(_key(one.file_id))
        if isinstance(known, dict) and known.get("question") == question:
            return
        found = identified(Api(self.host, self.settings.url, self.settings.language), one)
        self._reach.answered()
        if found is not None or (isinstance(known, dict) and known.get("found")):
            self._put(one, found)
        again_s = None if found is not None else self.settings.ask_again_days * _DAY_S
        try:
            self.host.kv.set(_key(one.file_id), {"question": question, "found": found is not None}, ttl_s=again_s)
        except QuotaExceeded:  # it is asked for again sooner
            self.log.warning("no more films can be remembered")
        self._take_back()

    def _put(self, one: Video, found: Found | None) -> None:
        try:
            self.host.metadata.put(one.file_id, found.metadata if found is not None else {})
        except NotFound:  # it was forgotten meanwhile
            return
        if found is None or not found.poster or not self.settings.posters or _has_own(one):
            posters.unlink(self.host, one.file_id)
            return
        base = f"{self.settings.image_url.rstrip('/')}/{self.settings.poster_size}"
        try:
            posters.link(self.host, one.file_id, base + found.poster)
        except (FetchFailed, HostTimeout) as error:
            if seconds := self._reach.failed(_PICTURES):
                raise _NoPicture(str(error), seconds) from error
            raise
        except (PermissionDenied, UsageError) as error:
            raise _NoPicture(f"{error.message} ({error.hint})" if error.hint else error.message, _LATER_S) from error
        self._reach.answered(_PICTURES)


def _has_own(one: Video) -> bool:
    return posters.has_own(one.path, above=one.season is not None)


def _key(file_id: int) -> str:
    return f"file {file_id}"
