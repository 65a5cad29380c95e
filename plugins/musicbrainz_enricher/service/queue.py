"""The plugin's own queue of tasks: what is put into it, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from viewra.types import NewTask, ScanEvent, ScanEventKind, TaskState

from .store import State, Store

if TYPE_CHECKING:
    from viewra.sdk.host import HostServices

LOOK_UP = "look up"
_PROGRESS = "looking up"
_WALKED = "walked"
_PAGE = 1000
_OTHERS = frozenset(["image_format", "sidecar_format", "video_codec"])
"""Fields that no music has."""
_UNFOUND = (State.NONE, State.UNSURE)


class Queue:
    """The queue, as this plugin uses it."""

    def __init__(self, host: HostServices, store: Store) -> None:
        self._host = host
        self._store = store
        self._done = 0
        self._left = 0
        self._counted_at = 0.0

    def add_scanned(self, events: Iterable[ScanEvent]) -> None:
        """Have the files of a scan looked up, but those that are known to be no music."""
        self.add(
            one.media_file_id for one in events if one.kind is ScanEventKind.FILE and not _OTHERS & {*one.metadata}
        )

    def add(self, numbers: Iterable[int]) -> None:
        """Have files looked up, once for each version of them."""
        tasks = [NewTask(LOOK_UP, {"file": number}, key=f"file {number}") for number in dict.fromkeys(numbers)]
        if tasks:
            self._host.tasks.enqueue_many(tasks)

    def add_again(self, numbers: Iterable[int], *, priority: int = 0) -> None:
        """Have files looked up, whatever is known of them."""
        self._host.tasks.enqueue_many(
            [
                NewTask(LOOK_UP, {"file": number, "again": True}, key=f"again {number}", priority=priority)
                for number in numbers
            ]
        )

    def add_library(self) -> None:
        """Have the library looked through once: only what scans find later is told."""
        if not self._host.kv.get(_WALKED):
            self._host.tasks.enqueue("walk", key="walk")

    def walk(self) -> None:
        """Have all music looked up."""
        for page in self._host.library.pages("kind:audio"):
            self.add(one.id for one in page)
        self._host.kv.set(_WALKED, True)

    def sweep(self) -> None:
        """Have everything looked up again that was not found."""
        for state in _UNFOUND:
            after = 0
            while rows := self._store.page(state, after, _PAGE):
                after = rows[-1].media_file_id
                self.add_again(one.media_file_id for one in rows)

    def waiting(self) -> int:
        """How many tasks are still to be done, those included that are executed."""
        return sum(count for state, count in self._host.tasks.count().items() if state != TaskState.SET_ASIDE)

    def note(self) -> None:
        """Show that a task has ended; tasks are counted at most once a second, since many have nothing to do."""
        self._done += 1
        self._left -= 1
        now = time.monotonic()
        if self._left > 0 and now - self._counted_at < 1:
            return
        self._left, self._counted_at = self.waiting() - 1, now  # this one counts until it has ended
        if self._left > 0:
            self._host.progress.report(_PROGRESS, self._done, self._done + self._left)
        else:
            self._host.progress.end(_PROGRESS)
            self._done = 0
