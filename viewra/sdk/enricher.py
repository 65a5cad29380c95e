"""``Enricher``: the base of plugins that find out more of files after scans, and ask servers for it."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar, Literal

from viewra.errors import FetchFailed, HostTimeout, PermissionDenied, QuotaExceeded, UsageError
from viewra.sdk.plugin import Plugin
from viewra.sdk.reach import Reach
from viewra.types import Fetched, Later, LibraryEvent, LibraryEventKind, NewTask, ScanEvent, ScanEventKind, Task

_WALK, _FILES, _WALKED = "walk", "files", "walked"
_IDS_A_TASK = 50
_LATER_S = 600.0
"""Pause until it is looked again whether work can go on."""
_SHORTEST_S, _LONGEST_S = 1.0, 3600.0


class NotNow(Exception):
    """A server cannot be asked now, which is not the fault of this request: again after some ``seconds``.

    With a ``reason`` the operator is told, at that ``level``; a server that asks for patience needs none.
    """

    def __init__(self, seconds: float, reason: str = "", *, level: Literal["warning", "error"] = "warning") -> None:
        super().__init__(reason or f"a server is not to be asked for {seconds:g} s")
        self.seconds = seconds
        self.reason = reason
        self.level = level

    @classmethod
    def as_asked(cls, answer: Fetched, reason: str = "", *, usually_s: float = 60.0) -> NotNow:
        """For as long as an answer's ``Retry-After`` asks, 1 to 3,600 seconds; without a number, ``usually_s``."""
        wished = answer.headers.get("retry-after", "")
        is_number = wished.isascii() and wished.isdigit()
        return cls(min(_LONGEST_S, max(_SHORTEST_S, float(wished[:6]))) if is_number else usually_s, reason)


class Enricher(Plugin):
    """A plugin that looks at files after scans, in tasks, and adds what it finds out.

    It has the services ``scanner_hook`` and ``tasks``. Files that scans have read, that moved or have returned, come to
    ``look_at``, at most 50 at a time; the tasks that it returns come to ``enrich``. When a scan has ended or settings
    were changed, the files of the whole library come as well, unless they did by the same ``basis``. Tasks with the
    names ``walk`` and ``files`` are its own. If you define ``start`` or ``on_settings_changed``, call that of
    ``super()``, too.

    Attributes of the class: ``query`` asks for those files of the library that are looked at (``kind:video``);
    ``settle_s`` are the seconds from the reading of a file until it is looked at, by when the files beside it have been
    read, too; ``look_again`` are the changes after which a file is looked at again; ``complaints`` has for each server
    that ``asking`` names what the operator reads before the reason why it cannot be asked.
    """

    query: ClassVar[str] = ""
    settle_s: ClassVar[float] = 0.0
    look_again: ClassVar[Collection[LibraryEventKind]] = (LibraryEventKind.MOVED, LibraryEventKind.RETURNED)
    complaints: ClassVar[Mapping[str, str]] = {}

    # ---- what authors define ----

    def look_at(self, ids: Sequence[int]) -> Iterable[NewTask]:
        """The tasks for these files, some of which MAY be gone. MUST be defined; MAY do itself what is quick."""
        raise NotImplementedError(f"{type(self).__name__} has no method look_at")

    def enrich(self, task: Task) -> Later | None:
        """Execute a task of ``look_at``. MUST be defined; MAY raise NotNow, which executes it again later."""
        raise NotImplementedError(f"{type(self).__name__} has no method enrich")

    def basis(self) -> object:
        """What of the settings decides what is added, as JSON has it. MAY be defined: by default nothing does."""
        return None

    def look_at_library(self) -> Iterator[Sequence[NewTask]]:
        """The tasks for the whole library, some at a time. MAY be defined: by default all that ``query`` asks for."""
        for page in self.host.library.pages(self.query):
            yield [NewTask(_FILES, part, key=f"{_WALK} {part[0]}") for part in _parts([one.id for one in page])]

    def forget(self, ids: Sequence[int]) -> None:
        """Drop what is stored of files that the library has forgotten. MAY be defined."""

    # ---- asking servers ----

    @contextmanager
    def asking(self, server: str) -> Iterator[None]:
        """Surrounds requests to a server of ``complaints``. Raises NotNow if it cannot be asked now.

        That is so in an outage, by the rules of ``Reach``; when the host refuses a request; when the block raises
        NotNow; and from then on until the time is over. A failed request that is at fault itself raises FetchFailed or
        HostTimeout, as without this. The operator is told why it cannot be asked, until it has answered again.
        """
        if (wait_s := self._held.get(server, 0.0) - time.monotonic()) > 0:
            raise NotNow(wait_s)
        try:
            yield
        except NotNow as error:
            self._hold(server, error)
            raise
        except (FetchFailed, HostTimeout) as error:
            if not (seconds := self._reach.failed(server)):
                raise
            raise self._hold(server, NotNow(seconds, str(error))) from error
        except (PermissionDenied, UsageError) as error:
            raise self._hold(server, NotNow(_LATER_S, error.told, level="error")) from error
        self._reach.answered(server)
        self._take_back(server)

    def _hold(self, server: str, error: NotNow) -> NotNow:
        """Have nobody ask a server for a while: another request would end as this one did."""
        self._held[server] = time.monotonic() + error.seconds
        if error.reason:
            self.host.notify(f"{self.complaints[server]}: {error.reason}", level=error.level, key=server)
            self._told.add(server)
        return error

    def _take_back(self, server: str) -> None:
        if server in self._told:
            self.host.notify.withdraw(server)
            self._told.discard(server)

    # ---- its life ----

    def start(self) -> None:
        """Take back what an earlier process said of servers: they may be others now."""
        self._reach = Reach()
        self._forgive()

    def on_settings_changed(self) -> None:
        """Look again through the whole library, if the settings count."""
        self._forgive()
        self._have_library_looked_at()

    def _forgive(self) -> None:
        self._held: dict[str, float] = {}
        self._told = set(self.complaints)  # perhaps, by an earlier process
        for server in self.complaints:
            self._take_back(server)

    # ---- scans ----

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Nothing: files are looked at when they have been read."""
        del scan_job_id, library_id, library_path

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Have a file looked at."""
        del file_path, metadata
        self._have_looked_at([media_file_id])

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """Look through the whole library, if that was never done by these settings."""
        del scan_job_id, library_id, stats
        self._have_library_looked_at()

    def on_scan_events(self, events: Sequence[ScanEvent]) -> None:
        """As the methods for one notification, with several files at once."""
        self._have_looked_at([event.media_file_id for event in events if event.kind is ScanEventKind.FILE])
        if any(event.kind is ScanEventKind.COMPLETED for event in events):
            self._have_library_looked_at()

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """Forget files that the library has forgotten; look again at those that ``look_again`` names."""
        if gone := [event.media_file_id for event in events if event.kind is LibraryEventKind.PURGED]:
            self.forget(gone)
        self._have_looked_at([event.media_file_id for event in events if event.kind in self.look_again])

    def _have_looked_at(self, ids: Sequence[int]) -> None:
        self.host.tasks.enqueue_many([NewTask(_FILES, part, delay_s=self.settle_s, priority=1) for part in _parts(ids)])

    def _have_library_looked_at(self) -> None:
        self.host.tasks.enqueue(_WALK, key=_WALK)

    # ---- tasks ----

    def execute_task(self, task: Task) -> Later | None:
        """Look at files, or execute what they gave; or look through the library."""
        try:
            return self._execute(task)
        except NotNow as error:
            return Later(error.seconds)

    def _execute(self, task: Task) -> Later | None:
        if task.name not in (_WALK, _FILES):
            return self.enrich(task)
        try:
            if task.name == _WALK:
                self._walk(task)
            elif isinstance(task.data, list):
                self.host.tasks.enqueue_many([*self.look_at([one for one in task.data if isinstance(one, int)])])
        except QuotaExceeded as error:  # as many tasks as there may be are waiting
            self.log.warning("looking at files has to wait", error=error.message)
            return Later(_LATER_S)
        return None

    def _walk(self, task: Task) -> None:
        basis = json.dumps(self.basis())
        if self.host.kv.get(_WALKED) == basis:
            return
        for tasks in self.look_at_library():
            if not task.wanted():
                return
            self.host.tasks.enqueue_many(tasks)
        self.host.kv.set(_WALKED, basis)


def _parts(ids: Sequence[int]) -> list[list[int]]:
    return [list(ids[begin : begin + _IDS_A_TASK]) for begin in range(0, len(ids), _IDS_A_TASK)]
