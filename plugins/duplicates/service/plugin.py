"""Defines the class that the host calls: it notes files, has tasks read them, and shows what is there twice."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from viewra.sdk import Plugin, PluginContext
from viewra.sdk.http import HttpError, Request, Response, page, route
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.types import LibraryEvent, NewTask, ScanEvent, ScanEventKind, Task

from . import contents, facts
from .page import overview
from .store import CONTENT, KINDS, Group, Store
from .tables import metadata

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
FILES_A_TASK, BYTES_A_TASK = 200, 4 * 1024**3
"""Files that one task reads, and their bytes together."""
_NOTED = 50
"""Files of a task whose contents are stored together."""
MOST_GROUPS = 1000
"""Groups in one answer."""
_READ = {"digest": contents.digest, "look": contents.look}
_LAST = -5  # after all that reads files


class Duplicates(Plugin):
    """Compares files; it never changes one."""

    _engine: sa.Engine
    _store: Store

    def database_service(self) -> AlembicDatabaseService:
        """The table, and the migrations that make it."""
        return AlembicDatabaseService(metadata, MIGRATIONS)

    def initialize(self, context: PluginContext) -> None:
        """Open the database, which is at its newest revision by now."""
        self._engine = open_engine(context.database_url)
        self._store = Store(self._engine)

    def on_settings_changed(self) -> None:
        """Compare pictures by the new setting."""
        self.host.tasks.enqueue("compare", key="compare", priority=_LAST)

    def start(self) -> None:
        """Look through the library once: only what scans find later is told."""
        if not self.host.kv.get("walked"):
            self.host.tasks.enqueue("walk", key="walk")
        if not _has_pillow():
            self.host.notify("pictures are not compared: pip install pillow", level="warning", key="pillow")

    def stop(self) -> None:
        """Close the database."""
        self._engine.dispose()

    # ---- what scans find ----

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Nothing: files are told one by one."""
        del scan_job_id, library_id, library_path

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Note a file."""
        del file_path, metadata
        self._store.put(facts.of_files(self.host.library, [media_file_id]))

    def on_scan_events(self, events: Sequence[ScanEvent]) -> None:
        """As the methods for one notification, with one request for several files."""
        ids = list(dict.fromkeys(event.media_file_id for event in events if event.kind is ScanEventKind.FILE))
        self._store.put(facts.of_files(self.host.library, ids))
        if any(event.kind is ScanEventKind.COMPLETED for event in events):
            self.host.tasks.enqueue("read", key="read")

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """Have the contents of files read that may be the same."""
        del scan_job_id, library_id, stats
        self.host.tasks.enqueue("read", key="read")

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """Note what happened to files."""
        self._store.tell(events)

    # ---- tasks ----

    def execute_task(self, task: Task) -> None:
        """Walk through the library, have files read, read some, or compare pictures."""
        if task.name == "walk":
            for rows in facts.of_library(self.host.library):
                self._store.put(rows)
                if not task.wanted():
                    return
            self.host.kv.set("walked", True)
            self.host.tasks.enqueue("read", key="read")
        elif task.name == "read":
            self.host.tasks.enqueue_many([*_parts("digest", self._store.without_digest())])
            if _has_pillow():
                self.host.tasks.enqueue_many([*_parts("look", self._store.without_look())])
            self.host.tasks.enqueue("compare", key="compare", priority=_LAST)
        elif task.name == "compare":
            self._store.set_alike(contents.alike(self._store.looks(), self.settings.picture_bits))
        else:
            self._read(task, _READ[task.name])

    def _read(self, task: Task, what: Callable[[BufferedReader], str]) -> None:
        ids = [int(one) for one in task.data] if isinstance(task.data, list) else []
        is_careful = task.name == "look" and task.attempt > 1  # one of these pictures may end the process
        unread = self._store.unread(task.name, ids)
        for begin in range(0, len(unread), _NOTED):
            found: dict[int, contents.Read] = {}
            for one in self.host.library.with_ids(unread[begin : begin + _NOTED]):
                if not task.wanted():
                    break
                if is_careful:
                    self._store.note(task.name, found)
                    found.clear()
                    self._store.give_up(one.id)
                try:
                    found[one.id] = contents.read(one.path, what)
                except OSError as error:  # the next scan finds out more
                    self.log.warning("a file cannot be read", file=one.path, error=str(error))
            self._store.note(task.name, found)
            if not task.wanted():
                return

    # ---- what is shown ----

    @route("GET", "/groups")
    def groups(self, request: Request) -> object:
        """Groups of one kind: content, recording or picture."""
        kind, begin = _asked(request)
        found = self._groups(kind)
        return {
            "kind": kind,
            "total": len(found),
            "spare_bytes": sum(group.spare for group in found),
            "groups": [_shown(group) for group in found[begin : begin + MOST_GROUPS]],
        }

    @route("GET", "/picture/{number}")
    def picture(self, request: Request) -> Response:
        """A picture of the library, small."""
        number = request.path_params["number"]
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise HttpError(404, "there is no such picture")
        return Response.artwork("file", int(number), size=192)

    @page("/", "Duplicates", category="library")
    def overview(self, request: Request) -> str:
        """The groups of one kind."""
        kind, begin = _asked(request)
        pending = sum(count for state, count in self.host.tasks.count().items() if state != "set aside")
        found = {one: self._groups(one) for one in KINDS}
        counts = {one: len(groups) for one, groups in found.items()}
        return overview(kind, found[kind], begin, pending, request.page_url, request.route_url, counts)

    @page("/walk", methods=["POST"])
    def walk(self, request: Request) -> Response:
        """Look through the library again."""
        self.host.tasks.enqueue("walk", key="walk")
        return Response.redirect(request.page_url("/"))

    def _groups(self, kind: str) -> list[Group]:
        return self._store.groups(kind, self.settings.seconds)


def _has_pillow() -> bool:
    return importlib.util.find_spec("PIL") is not None


def _parts(name: str, files: Sequence[tuple[int, int]]) -> Iterator[NewTask]:
    """Tasks for the files, by id and size."""
    part: list[int] = []
    total = 0
    for number, size in files:
        if part and (len(part) >= FILES_A_TASK or total + size > BYTES_A_TASK):
            yield NewTask(name, part, key=f"{name} {part[0]} {len(part)}")
            part, total = [], 0
        part.append(number)
        total += size
    if part:
        yield NewTask(name, part, key=f"{name} {part[0]} {len(part)}")


def _asked(request: Request) -> tuple[str, int]:
    kind, begin = request.query.get("kind", CONTENT), request.query.get("begin", "0")
    if kind not in KINDS:
        raise HttpError(400, f"kind must be one of {', '.join(KINDS)}")
    if not (begin.isascii() and begin.isdigit() and len(begin) < 10):
        raise HttpError(400, "begin must be a whole number")
    return kind, int(begin)


def _shown(group: Group) -> dict[str, Any]:
    names = ("media_file_id", "path", "size", "duration_ms", "quality")
    rows = [{name: getattr(one, name) for name in names} for one in group.files]
    return {"by": group.by, "spare_bytes": group.spare, "files": rows}
