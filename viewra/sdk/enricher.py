"""``Enricher``: the base of plugins that find out more of files after scans, and ask servers for it."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar, Literal

from viewra.errors import (
    FetchFailed,
    HostError,
    HostTimeout,
    PermissionDenied,
    QuotaExceeded,
    UsageError,
    ViewraError,
)
from viewra.retry_after import retry_after_s
from viewra.sdk.plugin import Plugin
from viewra.sdk.reach import Reach
from viewra.types import Fetched, Later, LibraryEvent, LibraryEventKind, NewTask, ScanEvent, ScanEventKind, Task

_WALK, _FILES, _WALKED = "walk", "files", "walked"
_IDS_A_TASK = 50
_LATER_S = 600.0
"""Pause until it is looked again whether work can go on."""
_SHORTEST_S, _LONGEST_S, _WEEK_S = 1.0, 3600.0, 7 * 86_400.0
_BEHIND = 4.0
"""The seconds by which a task comes after those that only waited are this to the power of how often it was at fault."""


class NotNow(Exception):
    """A server cannot be asked now, which is not the fault of this request: again after some ``seconds``.

    These are from 1 to a week's; what is outside is brought inside. With a ``reason`` the operator is told, at that
    ``level``; a server that asks for patience needs none.
    """

    def __init__(self, seconds: float, reason: str = "", *, level: Literal["warning", "error"] = "warning") -> None:
        self.seconds = min(max(_SHORTEST_S, seconds), _WEEK_S)
        super().__init__(reason or f"a server is not to be asked for {self.seconds:g} s")
        self.reason = reason
        self.level = level
        self.was_asked = False  # whether the task that raises it has asked the server

    @classmethod
    def as_asked(cls, answer: Fetched, reason: str = "", *, usually_s: float = 60.0) -> NotNow:
        """For as long as an answer's ``Retry-After`` asks, 1 to 3,600 seconds; without one, ``usually_s``."""
        wished = retry_after_s(answer.headers.get("retry-after", ""))
        return cls(min(_LONGEST_S, wished) if wished is not None else usually_s, reason)


class Enricher(Plugin):
    """A plugin that looks at files after scans, in tasks, and adds what it finds out.

    It has the services ``scanner_hook`` and ``tasks``. Files that scans have read, that moved or have returned, come to
    ``look_at``, at most 50 at a time; the tasks that it returns come to ``enrich``. When a scan has ended or settings
    were changed, the files of the whole library come as well, unless they did by the same ``basis``. Tasks with the
    names ``walk`` and ``files`` are its own, and ``walked`` in ``kv``. If you define ``start`` or
    ``on_settings_changed``, call that of ``super()``, too.

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

        That is so in an outage, by the rules of ``Reach``, where what the host refuses counts as failed, too; when the
        block raises NotNow; and from then on until the time is over. After that the tasks that only waited come first.
        A request that is at fault itself raises its error, as without this, and so does what else the block raises. The
        operator is told why the server cannot be asked, until it has answered again. Raises ValueError for a server
        that ``complaints`` lacks.
        """
        if server not in self.complaints:
            raise ValueError(f"{type(self).__name__}.complaints has no server {server!r}")
        if (wait_s := self._wait_s(server)) > 0:
            raise NotNow(wait_s)
        try:
            yield
        except NotNow as error:
            self._hold(server, error)
            raise
        except (FetchFailed, HostTimeout, PermissionDenied, UsageError) as error:
            if (
                wait_s := self._wait_s(server)
            ) > 0:  # of several requests at a time, another one has told of this outage
                raise self._hold(server, NotNow(wait_s)) from error
            if not (seconds := self._reach.failed(server)):
                raise
            raise self._hold(server, _outage(error, seconds)) from error
        self._reach.answered(server)
        self._take_back(server)

    def _wait_s(self, server: str) -> float:
        return self._held.get(server, 0.0) - time.monotonic()

    def _hold(self, server: str, error: NotNow) -> NotNow:
        """Have nobody ask a server for a while: another request would end as this one did."""
        error.was_asked = True
        self._held[server] = max(self._held.get(server, 0.0), time.monotonic() + error.seconds)
        self.log.info("a server cannot be asked now", server=server, seconds=round(error.seconds), reason=error.reason)
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
        self._forgive()

    def on_settings_changed(self) -> None:
        """Look again through the whole library, if the settings count."""
        self._forgive()
        self._have_library_looked_at()

    def _forgive(self) -> None:
        self._reach = Reach()
        self._held: dict[str, float] = {}  # until when, in monotonic seconds
        self._asked_in_vain: dict[int, int] = {}  # how often, by the id of the task
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
            done = self._execute(task)
        except NotNow as error:
            return Later(min(_WEEK_S, error.seconds + self._behind_s(task, error)))
        except Exception:
            self._asked_in_vain.pop(task.id, None)
            raise
        self._asked_in_vain.pop(task.id, None)
        return done

    def _behind_s(self, task: Task, error: NotNow) -> float:
        """The seconds by which a task lets others go first whose own request had the server held up.

        The host executes the oldest task that is ready: with one request that never succeeds, all others would wait for
        ever, as it would be the first one each time.
        """
        times = self._asked_in_vain.get(task.id, 0) + error.was_asked
        if not times:
            return 0.0
        self._asked_in_vain[task.id] = times
        return min(_LONGEST_S, _BEHIND ** min(times - 1, 10))

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


def _outage(error: ViewraError, seconds: float) -> NotNow:
    """What the operator reads of a request that failed, or that the host has refused."""
    if isinstance(error, HostError):
        return NotNow(seconds, str(error))
    return NotNow(_LATER_S, error.told, level="error")


def _parts(ids: Sequence[int]) -> list[list[int]]:
    return [list(ids[begin : begin + _IDS_A_TASK]) for begin in range(0, len(ids), _IDS_A_TASK)]
