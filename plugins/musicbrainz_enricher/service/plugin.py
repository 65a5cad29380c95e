"""Defines the class that the host calls: scans, tasks, routes, pages, search, and what scans read of a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from viewra.errors import NotFound
from viewra.sdk import NotNow, Plugin, PluginContext
from viewra.sdk.http import HttpError, Request, Response, page, route
from viewra.sdk.reach import Reach
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.types import (
    Later,
    LibraryEvent,
    ScanEvent,
    ScanEventKind,
    SearchCapabilities,
    SearchResponse,
    Task,
)
from viewra.types.values import Value

from .client import Client, Turns
from .covers import Covers
from .lookups import FIRST, Lookups
from .page import A_PAGE, detail, overview
from .queue import LOOK_UP, Queue
from .searching import CAPABILITIES, search
from .store import Match, State, Store, Version
from .tables import metadata
from .texts import uuid_in

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
_SERVERS = "servers"


class MusicBrainzEnricher(Plugin):
    """Finds out which recording each file is, and says what MusicBrainz knows of it."""

    _engine: sa.Engine
    _store: Store
    _lookups: Lookups

    # ---- its life ----

    def database_service(self) -> AlembicDatabaseService:
        """The tables, and the migrations that make them."""
        return AlembicDatabaseService(metadata, MIGRATIONS, engines=("sqlite", "postgresql"))

    def initialize(self, context: PluginContext) -> None:
        """Open the database, which is at its newest revision by now."""
        self._engine = open_engine(context.database_url)
        self._store = Store(self._engine)
        self._covers = Covers(self.host, self._store, self.log)
        self._lookups = Lookups(self.host, self._store, self._covers, context.plugin_id)
        self._queue = Queue(self.host, self._store)
        self._turns, self._reach = Turns(), Reach()
        self._is_told = True  # perhaps, by an earlier process

    def start(self) -> None:
        """Look through the library once: only what scans find later is told."""
        if self._is_active:
            self._queue.add_library()

    def on_settings_changed(self) -> None:
        """Use other settings from now on."""
        self.start()

    def stop(self) -> None:
        """Close the database."""
        self._turns.end()
        self._engine.dispose()

    @property
    def _is_active(self) -> bool:
        return bool(self.settings.enabled and self.settings.matching.auto_enrich)

    # ---- what scans read: what is stored, without asking anybody ----

    def get_supported_types(self) -> list[str]:
        """Audio."""
        return ["audio/*"]

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Whether it is audio."""
        del file_path
        return mime_type.startswith("audio/")

    def extract_metadata(self, file_path: str) -> Mapping[str, Value]:
        """What was found of this version of the file. Raises OSError for a file that is not there."""
        status = os.stat(file_path)  # noqa: PTH116 - no Path is needed for thousands of texts
        known = self._store.at(file_path) if self.settings.enabled else None
        if known is None or known.state != State.MATCHED:
            return {}
        is_same = known.version == Version(status.st_size, status.st_mtime_ns)
        return known.fields if is_same or known.by_hand else {}

    # ---- scans ----

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Nothing: files are told one by one."""
        del scan_job_id, library_id, library_path

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Have a file looked up."""
        self.on_scan_events([ScanEvent(ScanEventKind.FILE, 0, 0, "", media_file_id, file_path, metadata)])

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """Nothing: each file has its task."""
        del scan_job_id, library_id, stats

    def on_scan_events(self, events: Sequence[ScanEvent]) -> None:
        """As the methods for one notification, with one request for several files."""
        if self._is_active:
            self._queue.add_scanned(events)

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """Follow files."""
        self._store.tell(events)

    # ---- tasks ----

    def execute_task(self, task: Task) -> Later | None:
        """Look a file up, fetch what somebody has chosen, or covers; or enqueue what is to be looked up."""
        given: Any = task.data
        try:
            if task.name == "walk":
                self._queue.walk()
            elif task.name == "sweep":
                self._queue.sweep()
            else:
                self._execute(task.name, int(given["file"]), again=bool(given.get("again")))
        except NotNow as error:
            self.host.notify(error.reason, level=error.level, key=_SERVERS)
            self._is_told = True
            return Later(error.seconds)
        if self._is_told:
            self.host.notify.withdraw(_SERVERS)
            self._is_told = False
        self._queue.note()
        return None

    def _execute(self, name: str, number: int, *, again: bool) -> None:
        settings = self.settings
        client = Client(self.host.fetch, settings, self._turns, self._reach)
        if name == LOOK_UP:
            if settings.enabled:
                threshold = float(settings.matching.threshold)
                self._lookups.look_up(number, client, threshold, again=again, covers=settings.artwork.enabled)
        elif name == "chosen":
            self._lookups.fetch_chosen(number, client, covers=settings.artwork.enabled)
        elif name == "covers":
            known = self._store.get(number)
            if known is not None and settings.artwork.enabled:
                self._covers.fetch(known, client, settings.artwork)
        else:
            raise ValueError(f"there is no task {name!r}")

    # ---- search ----

    def search(self, query: Mapping[str, str], limit: int, offset: int) -> SearchResponse:
        """Files by ids, aliases of artists, and what else is stored."""
        return search(self._store, query, limit, offset)

    def get_search_capabilities(self) -> SearchCapabilities:
        """Pages of hits, by a few fields."""
        return CAPABILITIES

    # ---- routes ----

    @route("GET", "/statistics")
    def statistics(self, request: Request) -> object:
        """How many files are in each state, and how many were found in each way."""
        del request
        return {**self._store.counts(), "waiting": self._queue.waiting()}

    @route("GET", "/files/{number}")
    def match_of(self, request: Request) -> object:
        """What was found of a file."""
        return _shown(self._known(_number(request.path_params["number"])))

    @route("POST", "/files/{number}/match")
    def correct_match(self, request: Request) -> Response:
        """Say which recording a file is: {"recording": "its id or address"}."""
        said = request.json()
        number = _number(request.path_params["number"])
        return self._decided(number, "match", said.get("recording") if isinstance(said, dict) else None)

    @route("POST", "/files/{number}/reject")
    def reject_match(self, request: Request) -> Response:
        """Take back what was found of a file."""
        return self._decided(_number(request.path_params["number"]), "reject")

    @route("POST", "/files/{number}/lookup")
    def look_up_again(self, request: Request) -> Response:
        """Have a file looked up again."""
        return self._decided(_number(request.path_params["number"]), "again")

    def _decided(self, number: int, what: str, recording: object = None) -> Response:
        self._decide(number, what, recording)
        known = self._store.get(number)
        return Response.json(_shown(known) if known is not None else {"file": number}, 202)

    def _decide(self, number: int, what: str, recording: object = None) -> None:
        try:
            if what == "match":
                if not (recording_id := uuid_in(recording)):
                    raise HttpError(422, "give the id of a recording, or its address on MusicBrainz")
                self._lookups.choose(number, recording_id)
            elif what == "reject":
                self._lookups.reject(number)
            else:
                self._lookups.require(number)
                self._queue.add_again([number], priority=FIRST)
        except NotFound as error:
            raise HttpError(404, error.message) from error

    def _known(self, number: int) -> Match:
        known = self._store.get(number)
        if known is None:
            raise HttpError(404, f"the file {number} was not looked up")
        return known

    # ---- pages ----

    @page("/", "MusicBrainz", category="library")
    def overview(self, request: Request) -> str:
        """Statistics, and the files in one state."""
        state = request.query.get("state", "")
        if state not in ("", *State):
            raise HttpError(400, f"state must be one of {', '.join(State)}")
        rows = self._store.page(state, _number(request.query.get("after", "0")), A_PAGE + 1)
        return overview(rows, state, self._store.counts(), self._queue.waiting(), request.page_url)

    @page("/file")
    def file(self, request: Request) -> str:
        """One file, and the form to correct its match."""
        return detail(self._known(_number(request.query.get("id", ""))), request.page_url)

    @page("/correct", methods=["POST"])
    def correct(self, request: Request) -> Response | str:
        """Take the recording of the form; with what is none, the form comes again."""
        form = request.form()
        number = _number(form.get("id", ""))
        try:
            self._decide(number, "match", form.get("recording"))
        except HttpError as error:
            if error.status != 422:
                raise
            return detail(self._known(number), request.page_url, error.message)
        return self._back(request, number)

    @page("/reject", methods=["POST"])
    def reject(self, request: Request) -> Response:
        """Take back a match."""
        return self._sent(request, "reject")

    @page("/again", methods=["POST"])
    def again(self, request: Request) -> Response:
        """Have a file looked up again."""
        return self._sent(request, "again")

    @page("/sweep", methods=["POST"])
    def sweep(self, request: Request) -> Response:
        """Have everything looked up again that was not found."""
        self.host.tasks.enqueue("sweep", key="sweep")
        return Response.redirect(request.page_url("/"))

    def _sent(self, request: Request, what: str) -> Response:
        number = _number(request.form().get("id", ""))
        self._decide(number, what)
        return self._back(request, number)

    def _back(self, request: Request, number: int) -> Response:
        return Response.redirect(f"{request.page_url('/file')}?id={number}")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise HttpError(404, "there is no such file")
    return int(text)


def _shown(one: Match) -> dict[str, Any]:
    names = (
        "state", "way", "score", "by_hand", "looked_up_at", "recording_id", "title", "artist", "album", "reason",
        "fields", "candidates", "refused",
    )  # fmt: skip
    return {"file": one.media_file_id, "path": one.shown_path, **{name: getattr(one, name) for name in names}}
