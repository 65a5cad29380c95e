"""Defines the class that the host calls: after scans, tasks choose the covers of albums."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Literal

from viewra.errors import FetchFailed, HostTimeout, NotFound, PermissionDenied, QuotaExceeded, UsageError
from viewra.sdk import Plugin
from viewra.sdk.reach import Reach
from viewra.types import AssetLink, Later, LibraryEvent, LibraryEventKind, NewTask, ScanEvent, ScanEventKind, Task

from . import archive, pictures
from .owners import IDS_A_QUERY, Known, Owner, albums_of_library, known_of, owners_of

FRONT = "front"
_WALK, _CHOOSE = "walk", "choose"
_SETTLE_S = 60.0
"""Seconds after a file was read until its album is looked at: by then the other files have been read, too."""
_LATER_S = 600.0
"""Pause until it is looked again whether work can go on."""
_DAY_S = 86_400.0
_ARCHIVE = "archive"
_BY_OPERATOR = {"chosen": "operator"}


class Artwork(Plugin):
    """Chooses the covers of albums."""

    _busy_until = 0.0
    _is_told = True  # perhaps, by an earlier process

    def start(self) -> None:
        """Take back what was said of the archive: it may be another one now."""
        self._reach = Reach()
        self._take_back()

    def on_settings_changed(self) -> None:
        """Look again through the whole library, by the new settings."""
        self._busy_until = 0.0
        self._take_back()
        self.host.tasks.enqueue(_WALK, key=_WALK)

    # ---- scans ----

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Nothing: albums are looked at when their files have been read."""
        del scan_job_id, library_id, library_path

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Have the file's album looked at."""
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
        """Have albums looked at whose files moved or have returned; links end with what they are for."""
        kinds = (LibraryEventKind.MOVED, LibraryEventKind.RETURNED)
        self._look_at([event.media_file_id for event in events if event.kind in kinds])

    def _look_at(self, ids: Sequence[int]) -> None:
        parts = [list(ids[begin : begin + IDS_A_QUERY]) for begin in range(0, len(ids), IDS_A_QUERY)]
        self.host.tasks.enqueue_many([NewTask("files", part, delay_s=_SETTLE_S, priority=1) for part in parts])

    # ---- tasks ----

    def execute_task(self, task: Task) -> Later | None:
        """Find what is to be looked at, choose a cover, or do what the operator asks for (docs/plugins/artwork.md)."""
        if task.name in ("files", _WALK):
            return self._find(task)
        owner = _owner(task.data)
        if task.name == "set":
            self._set(owner, task.data)
            return None
        if task.name == "unset":
            self._unlink(owner)
        elif task.name not in (_CHOOSE, "fetch"):
            raise UsageError(f"there is no task {task.name!r}", hint="there are: walk, choose, fetch, set and unset")
        try:
            self._choose(owner, asked=task.name == "fetch")
        except archive.Busy as error:
            self._busy_until = time.monotonic() + error.seconds
            return Later(error.seconds)
        except (FetchFailed, HostTimeout) as error:
            if seconds := self._reach.failed():
                self._busy_until = time.monotonic() + seconds  # the next album would fare as this one
                return self._complain(str(error), "warning", seconds)
            raise
        except PermissionDenied as error:
            return self._complain(f"{error.message} ({error.hint})" if error.hint else error.message, "error", _LATER_S)
        return None

    def _complain(self, reason: str, level: Literal["warning", "error"], seconds: float) -> Later:
        self.host.notify(f"no covers can be fetched: {reason}", level=level, key=_ARCHIVE)
        self._is_told = True
        return Later(seconds)

    def _take_back(self) -> None:
        if self._is_told:
            self.host.notify.withdraw(_ARCHIVE)
            self._is_told = False

    def _find(self, task: Task) -> Later | None:
        try:
            if task.name == _WALK:
                self._walk(task)
            elif isinstance(task.data, list):
                self._enqueue(owners_of(self.host.library, [one for one in task.data if isinstance(one, int)]))
        except QuotaExceeded as error:  # as many tasks as there may be are waiting
            self.log.warning("looking for covers has to wait", error=error.message)
            return Later(_LATER_S)
        return None

    def _walk(self, task: Task) -> None:
        """Have all albums looked at, once for these settings."""
        settings = self.settings
        done = json.dumps([list(settings.order), settings.size, settings.release_groups, settings.url])
        if self.host.kv.get("walked") == done:
            return
        for owners in albums_of_library(self.host.library):
            if not task.wanted():
                return
            self._enqueue(owners)
        self.host.kv.set("walked", done)

    def _enqueue(self, owners: Sequence[Owner]) -> None:
        self.host.tasks.enqueue_many([NewTask(_CHOOSE, one.target, key=one.key) for one in owners])

    # ---- choosing ----

    def _choose(self, owner: Owner, *, asked: bool) -> None:
        """Choose a cover by the order of the settings; ``asked``: from the archive, whatever else is there."""
        known = known_of(self.host.library, owner)
        if not known.paths:
            return
        if asked:
            self._fetched(owner, known, asked=True)
            return
        links = self.host.assets.links(**owner.target)
        if any(map(_is_operators, links)):
            return
        in_folder = pictures.in_folders(known.paths)
        for source in dict.fromkeys(self.settings.order):
            if source == "folder" and in_folder:
                self._unlink(owner)  # viewra shows it by itself, and first
                return
            if source == "embedded" and known.with_picture:
                self._embedded(owner, known, is_first=not in_folder)
                return
            if source == "online":
                if any(one.metadata.get("source") == _ARCHIVE for one in links):
                    return
                if self._is_shown(owner):
                    break
                if self._fetched(owner, known, asked=False):
                    return
        self._unlink(owner)

    def _is_shown(self, owner: Owner) -> bool:
        """Whether another plugin has linked a cover, which is as good as another from the network."""
        found = self.host.assets.all_links(**owner.target)
        return any(one.kind == FRONT and one.plugin_id != self.context.plugin_id for one in found)

    def _embedded(self, owner: Owner, known: Known, *, is_first: bool) -> None:
        """Show the picture in the files; if that ``is_first`` of what viewra finds, it does so by itself."""
        if is_first:
            self._unlink(owner)
            return
        try:
            content = pictures.inside(known.with_picture)
        except pictures.Unreadable as error:
            self.log.warning("a picture cannot be read", error=str(error))
            return
        self._link(owner, self.host.assets.put(content).id, {"source": "embedded"})

    def _fetched(self, owner: Owner, known: Known, *, asked: bool) -> bool:
        """Whether the archive has a cover, which is linked then."""
        if (wait_s := self._busy_until - time.monotonic()) > 0:
            raise archive.Busy(wait_s)
        groups = [("release-group", known.release_group)] if self.settings.release_groups else []
        for entity, mbid in (("release", known.release), *groups):
            unknown = f"none/{entity}/{mbid}"
            if not mbid or (not asked and self.host.kv.get(unknown)):
                continue
            cover = archive.fetch(self.host, self.settings.url, entity, mbid, self.settings.size)
            self._reach.answered()
            self._take_back()
            if cover is not None:
                said = {"source": _ARCHIVE, **(_BY_OPERATOR if asked else {})}
                self._link(owner, cover.asset_id, said, cover.url)
                return True
            try:
                self.host.kv.set(unknown, True, ttl_s=self.settings.ask_again_days * _DAY_S)
            except QuotaExceeded:  # it is asked for again sooner
                self.log.warning("no more albums without covers can be remembered")
        return False

    def _set(self, owner: Owner, data: object) -> None:
        """Show what the operator chose, whatever comes."""
        path = data.get("path") if isinstance(data, dict) else None
        if not isinstance(path, str):
            raise UsageError("the path of a picture is missing", hint='data={"album_id": 7, "path": "/music/a.jpg"}')
        try:
            content = pictures.read(path)
        except pictures.Unreadable as error:
            raise UsageError(str(error), hint="name a picture in a library") from error
        stored = self.host.assets.put(content)
        if not stored.media_type.startswith("image/"):
            raise UsageError(f"{path!r} is no picture, but {stored.media_type}")
        self._link(owner, stored.id, {"source": "file", **_BY_OPERATOR})

    def _link(self, owner: Owner, asset_id: str, said: Mapping[str, str], source_url: str = "") -> None:
        """Link a cover in place of one that this plugin has linked."""
        try:
            self.host.assets.link(asset_id, FRONT, **owner.target, source_url=source_url, metadata=said)
        except NotFound:  # the album was forgotten meanwhile
            return
        for one in self.host.assets.links(**owner.target):
            if one.asset.id != asset_id:
                self.host.assets.unlink(one.asset.id, one.kind, **owner.target)

    def _unlink(self, owner: Owner) -> None:
        """Remove what this plugin has linked."""
        for one in self.host.assets.links(**owner.target):
            self.host.assets.unlink(one.asset.id, one.kind, **owner.target)


def _is_operators(link: AssetLink) -> bool:
    return _BY_OPERATOR.items() <= link.metadata.items()


def _owner(data: object) -> Owner:
    """The album or file that a task is about."""
    found = data if isinstance(data, dict) else {}
    if isinstance(number := found.get("album_id"), int):
        return Owner("album", number)
    if isinstance(number := found.get("media_file_id"), int):
        return Owner("file", number)
    raise UsageError("it is not said of what", hint='data={"album_id": 7} or data={"media_file_id": 7}')
