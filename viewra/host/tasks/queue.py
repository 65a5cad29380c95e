"""``PluginQueue``: the threads that execute the tasks of one plugin, as many at a time as it may have."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from viewra.bridge.pace import Pace
from viewra.db.task_turns import Attempt, take_turn
from viewra.errors import DatabaseError
from viewra.host.plugin import Plugin
from viewra.host.tasks.attempt import Unreachable, make_attempt
from viewra.host.tasks.cuts import Cuts
from viewra.manifest.runtime import TaskRules
from viewra.types import PluginState, Task

CLAIM_S = 60.0
"""Seconds for which a host claims a task; it renews its claims three times as often."""
LONGEST_PAUSE_S = 60.0
"""Seconds until a plugin that cannot be reached is asked again; at first one second."""
_STORE_AGAIN_S = 5.0
READY_TO_RUN = frozenset({PluginState.READY, PluginState.STARTING, PluginState.RUNNING, PluginState.DRAINING})
"""The states in which a plugin executes tasks; in the first, with the start that it needs."""

log = logging.getLogger("viewra.host")


def micros() -> int:
    """The time in microseconds since the epoch."""
    return int(time.time() * 1_000_000)


class PluginQueue:
    """The workers of one plugin. ``look_again`` is called when there may be work that no worker does. Thread-safe."""

    def __init__(
        self,
        engine: sa.Engine,
        plugin: Callable[[], Plugin | None],
        plugin_id: str,
        owner: str,
        *,
        cuts: Cuts,
        closed: threading.Event,
        look_again: Callable[[str], None],
        ended: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._plugin = plugin
        self._plugin_id = plugin_id
        self._owner = owner
        self._cuts = cuts
        self._closed = closed
        self._look_again = look_again
        self._ended = ended
        self._lock = threading.Lock()
        self._workers: set[threading.Thread] = set()
        self._refusals = 0
        self._denied = ""
        self._paused_until = 0.0
        self._pace = _pace(0.0, closed)
        self._per_minute = 0.0

    @property
    def busy(self) -> bool:
        """Whether a worker is there."""
        return bool(self._workers)

    @property
    def paused_s(self) -> float:
        """Seconds for which it asks nothing of the plugin, which could not be reached."""
        return max(0.0, self._paused_until - time.monotonic())

    @property
    def can_work(self) -> bool:
        """Whether the plugin may execute tasks now."""
        plugin = self._plugin()
        return plugin is not None and plugin.state in READY_TO_RUN and not self.paused_s and not self._closed.is_set()

    def work(self) -> None:
        """Start one worker more, if the plugin may have one."""
        if not self.can_work:
            return
        with self._lock:
            if self._closed.is_set() or len(self._workers) >= self._rules().concurrency:
                return
            name = f"task-{self._plugin_id}_{len(self._workers) + 1}"
            worker = threading.Thread(target=self._work, name=name, daemon=True)
            worker.start()
            self._workers.add(worker)

    def join(self, deadline: float) -> bool:
        """Wait for the workers until ``deadline`` (monotonic seconds); whether none is left."""
        with self._lock:
            workers = list(self._workers)
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        return not any(worker.is_alive() for worker in workers)

    def _work(self) -> None:
        try:
            ended: Attempt | None = None
            while True:
                more = self._goes_on()
                task = self._turn(ended, more=more) if more or ended is not None else None
                if task is None:
                    return
                self.work()  # there may be more than one task
                ended = self._execute(task)
                self._ended()
        except Exception:  # a bug of ours: the claim of the task ends, and another host or worker gets it
            log.exception("plugin %s: a worker of its tasks failed", self._plugin_id)
        finally:
            with self._lock:
                self._workers.discard(threading.current_thread())
            self._look_again(self._plugin_id)

    def _goes_on(self) -> bool:
        if not self.can_work:
            return False
        rules = self._rules()
        with self._lock:
            if len(self._workers) > rules.concurrency:  # fewer than before
                return False
            if rules.per_minute != self._per_minute:
                self._per_minute, self._pace = rules.per_minute, _pace(rules.per_minute, self._closed)
            pace = self._pace
        if rules.per_minute:
            pace.wait()
        return not self._closed.is_set()

    def _execute(self, task: Task) -> Attempt:
        plugin = self._plugin()
        if plugin is None:
            return Attempt(task.id)
        try:
            attempt = make_attempt(plugin.tasks, task, self._cuts, micros)
        except Unreachable as error:
            self._refusals += 1
            pause_s = min(LONGEST_PAUSE_S, 2.0 ** min(self._refusals - 1, 10))
            self._paused_until = time.monotonic() + pause_s
            log.debug("plugin %s: its tasks wait %g s: %s", self._plugin_id, pause_s, error)
            return Attempt(task.id)
        self._refusals = 0
        if attempt.done:
            self._denied = ""
        elif attempt.blameless:
            self._deny(attempt.error)
        elif attempt.error:
            log.warning("plugin %s: the task %s (%d) failed: %s", self._plugin_id, task.name, task.id, attempt.error)
        return attempt

    def _deny(self, error: str) -> None:
        """Tell once that tasks lack a permission, however many there are."""
        if error != self._denied:
            self._denied = error
            log.warning("plugin %s: tasks wait for a permission: %s", self._plugin_id, error)

    def _turn(self, ended: Attempt | None, *, more: bool) -> Task | None:
        """Note the end of an attempt, again and again while the database cannot be written, and take the next task."""
        while True:
            now = micros()
            until = now + int(CLAIM_S * 1_000_000)
            try:
                return take_turn(self._engine, self._plugin_id, self._owner, ended, more=more, now=now, until=until)
            except DatabaseError as error:
                log.warning("plugin %s: its tasks wait: %s", self._plugin_id, error)
                if self._closed.wait(_STORE_AGAIN_S):
                    return None

    def _rules(self) -> TaskRules:
        plugin = self._plugin()
        return rules_of(plugin) if plugin is not None else TaskRules()


def rules_of(plugin: Plugin) -> TaskRules:
    """How a plugin's tasks are executed: as its manifest and the operator have it."""
    return plugin.runtime.tasks if plugin.found is not None else TaskRules()


def schedules_of(plugin: Plugin) -> Mapping[str, str]:
    """The schedules that a plugin's manifest declares."""
    manifest = plugin.manifest
    return manifest.schedules if manifest is not None else {}


def _pace(per_minute: float, closed: threading.Event) -> Pace:
    per_s = (per_minute or 60.0) / 60.0
    return Pace(per_s, max(1.0, per_s), sleep=closed.wait)
