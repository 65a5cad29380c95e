"""``TaskExecutor``: executes the tasks of a host's plugins, from ``begin`` until ``close``.

One thread waits for what is due; each plugin that has tasks has workers of its own (``queue.py``).
"""

from __future__ import annotations

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from viewra.db.plugin_schedules import (
    NewSchedule,
    bring_forward,
    enqueue_scheduled,
    first_run,
    next_scheduled,
    set_declared,
)
from viewra.db.plugin_tasks import cancel_tasks, has_tasks
from viewra.db.task_turns import next_due, ready_plugins, reclaim, renew, wake_tasks
from viewra.errors import DatabaseError
from viewra.host.plugin import Plugin
from viewra.host.tasks.cuts import Cuts
from viewra.host.tasks.queue import CLAIM_S, READY_TO_RUN, PluginQueue, micros, rules_of, schedules_of
from viewra.manifest.runtime import TaskRules
from viewra.schedules import local_now
from viewra.types import PluginState

LOOK_S = 30.0
"""Seconds after which it looks at all queues, whatever it was told."""
TROUBLE_S = 5.0
"""Seconds until it looks again when the database cannot be used, for example as the disk is full."""
PATIENCE_S = 2.0
"""Seconds that tasks have to end when the host closes; then they are ended, and this attempt does not count."""
JOIN_S = 10.0
_POLL_S = 0.05
BREATH_S = 0.02
"""Seconds between two looks: tasks that are enqueued one by one cause one for many."""

log = logging.getLogger("viewra.host")


class TaskExecutor:
    """Executes tasks. Thread-safe. ``plugins`` gives those that are there."""

    def __init__(self, engine: sa.Engine, plugins: Callable[[], Mapping[str, Plugin]]) -> None:
        self._engine = engine
        self._plugins = plugins
        self._owner = secrets.token_hex(8)
        self._cuts = Cuts()
        self._closed = threading.Event()
        self._changed = threading.Condition()
        self._begun = False
        self._thread: threading.Thread | None = None
        self._looked_for: set[str] = set()
        self._look_at_all = True
        self._queues: dict[str, PluginQueue] = {}
        self._renew_at = 0.0
        self._paused: dict[str, float] = {}  # until when, in monotonic seconds
        self._ended = 0
        self._declared: dict[str, Mapping[str, str]] = {}  # the schedules that are stored
        self._looked_at = math.inf  # the time of the last look, by the clock of the wall

    # ---- for the host ----

    def begin(self) -> None:
        """Execute what is in the queues from now on. May be called again; raises ``DatabaseError``."""
        with self._changed:
            if self._begun or self._closed.is_set():
                return
            self._begun = True
        if has_tasks(self._engine) or any(schedules_of(plugin) for plugin in self._plugins().values()):
            self._look("")

    def is_there(self, plugin_id: str) -> None:
        """A plugin is there now; its manifest may declare schedules."""
        if self._thread is None:
            plugin = self._plugins().get(plugin_id) if self._begun else None
            if plugin is None or not schedules_of(plugin):
                return
        self._look(plugin_id)

    def state_changed(self, plugin_id: str, state: PluginState) -> None:
        """A plugin is in this state now, and may be able to execute tasks."""
        if self._thread is not None:
            self._look(plugin_id)
        elif state is PluginState.RUNNING:  # perhaps another version, with schedules
            self.is_there(plugin_id)

    def wait_idle(self, timeout_s: float, *, cancel: threading.Event | None = None, stall_s: float = math.inf) -> bool:
        """Wait until nothing that is due can be executed, ``timeout_s`` seconds at most; returns whether that is so.

        It also ends if no task ends for ``stall_s`` seconds. Raises ``DatabaseError``.
        """
        cancel = cancel or threading.Event()
        began = moved = time.monotonic()
        ended = self._ended
        while not (idle := self._idle()):
            now = time.monotonic()
            if ended != self._ended:
                ended, moved = self._ended, now
            if now - began >= timeout_s or now - moved >= stall_s or self._closed.is_set() or cancel.wait(_POLL_S):
                break
        return idle

    @property
    def ended(self) -> int:
        """How many attempts have ended here."""
        return self._ended

    def cancel(self, plugin_id: str, task_id: int) -> bool:
        """Take a task out of its queue, and end it if it is executed. Returns whether it was there."""
        found = bool(cancel_tasks(self._engine, plugin_id, task_id=task_id))
        self._cuts.cut(task_id)
        return found

    def stop(self) -> None:
        """Execute nothing more, and end what is executed after a moment: it goes back into its queue."""
        until = time.monotonic() + PATIENCE_S
        with self._changed:
            self._closed.set()
            self._changed.notify_all()
        for queue in list(self._queues.values()):
            queue.join(until)
        self._cuts.cut_all()

    def close(self) -> None:
        """Wait for the threads, when the plugins have ended. May be called twice."""
        self.stop()
        until = time.monotonic() + JOIN_S
        left = [plugin_id for plugin_id, queue in self._queues.items() if not queue.join(until)]
        if self._thread is not None:
            self._thread.join(JOIN_S)
        for plugin_id in left:
            log.error("plugin %s: its tasks have not ended within %g s", plugin_id, JOIN_S)
        if self._thread is not None and not left:
            try:
                reclaim(self._engine, owner=self._owner)
            except DatabaseError as error:
                log.warning("tasks that were executed wait for their claim to end: %s", error)

    # ---- for the queues, as viewra.bridge.tasks.Executor has it ----

    def attempts(self, plugin_id: str) -> int:
        """How many attempts a plugin's task has, where the task does not say."""
        plugin = self._plugins().get(plugin_id)
        return (rules_of(plugin) if plugin is not None else TaskRules()).attempts

    def enqueued(self, plugin_id: str) -> None:
        """A plugin has a new task."""
        if self._begun:
            self._look(plugin_id)

    def cancelled(self, task_id: int) -> None:
        """A task is no longer in its queue."""
        self._cuts.cut(task_id)

    # ---- the thread that waits ----

    def _look(self, plugin_id: str) -> None:
        """Have the thread look at a plugin's queue, at all of them for ""."""
        with self._changed:
            if self._closed.is_set():
                return
            if plugin_id:
                self._looked_for.add(plugin_id)
            else:
                self._look_at_all = True
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="tasks", daemon=True)
                thread.start()
                self._thread = thread
            self._changed.notify_all()

    def _run(self) -> None:
        fresh, trouble = True, ""
        while not self._closed.is_set():
            pause_s = LOOK_S
            try:
                if fresh and self._engine.dialect.name == "sqlite":  # it has one host at a time
                    reclaim(self._engine)
                fresh = False
                pause_s = self._step()
                trouble = ""
            except DatabaseError as error:
                if trouble != str(error):  # once: it is tried again and again
                    log.warning("tasks wait: %s", error)
                trouble = str(error)
                self._look_at_all = True
                self._closed.wait(TROUBLE_S)
                continue
            except Exception:  # a bug with one plugin must not end the tasks of the others
                log.exception("a look at the queues of tasks failed")
            if self._closed.wait(BREATH_S):
                return
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed.is_set() or self._looked_for or self._look_at_all, max(0.0, pause_s)
                )

    def _step(self) -> float:
        """Do what is due; returns the seconds until something may be due again."""
        now, moment = micros(), time.monotonic()
        with self._changed:
            ids, self._looked_for = self._looked_for, set()
            if self._look_at_all:
                ids |= set(self._plugins())
                self._look_at_all = False
        if moment >= self._renew_at and any(queue.busy for queue in self._queues.values()):
            renew(self._engine, self._owner, now + int(CLAIM_S * 1_000_000))
            self._renew_at = moment + CLAIM_S / 3
        active = self._schedule()
        if now < self._looked_at:  # the clock was set back, perhaps while no host ran
            bring_forward(self._engine, local_now())
        self._looked_at = now
        ids |= enqueue_scheduled(self._engine, active, local_now(), self.attempts)
        ids |= wake_tasks(self._engine, self._owner, now)
        ids |= {plugin_id for plugin_id, due in self._paused.items() if due <= moment}
        for plugin_id in ready_plugins(self._engine, sorted(ids)):
            queue = self._queue(plugin_id)
            queue.work()
            self._paused[plugin_id] = moment + queue.paused_s
        self._paused = {plugin_id: due for plugin_id, due in self._paused.items() if due > moment}
        waits = [LOOK_S, *(due - moment for due in self._paused.values())]
        if any(queue.busy for queue in self._queues.values()):
            waits.append(self._renew_at - moment)
        dues = (next_due(self._engine), next_scheduled(self._engine, active))
        waits += [(due - now) / 1_000_000 for due in dues if due is not None]
        return min(waits)

    def _schedule(self) -> list[str]:
        """Store what manifests declare; returns the plugins whose schedules apply: those that may run."""
        active = {plugin_id: plugin for plugin_id, plugin in self._plugins().items() if plugin.state in READY_TO_RUN}
        for plugin_id, plugin in active.items():
            declared = schedules_of(plugin)
            if declared != self._declared.get(plugin_id, {}):
                now = local_now()
                rows = [NewSchedule(name, text, b"", first_run(text, now)) for name, text in declared.items()]
                set_declared(self._engine, plugin_id, rows)
                self._declared[plugin_id] = dict(declared)
        return sorted(active)

    def _queue(self, plugin_id: str) -> PluginQueue:
        with self._changed:
            if plugin_id not in self._queues:
                self._queues[plugin_id] = PluginQueue(
                    self._engine,
                    lambda: self._plugins().get(plugin_id),
                    plugin_id,
                    self._owner,
                    cuts=self._cuts,
                    closed=self._closed,
                    look_again=self._look,
                    ended=self._count,
                )
            return self._queues[plugin_id]

    def _count(self) -> None:
        with self._changed:
            self._ended += 1

    def _idle(self) -> bool:
        if any(queue.busy for queue in list(self._queues.values())):
            return False
        ready = ready_plugins(self._engine, self._plugins())
        return not any(self._queue(plugin_id).can_work for plugin_id in ready)
