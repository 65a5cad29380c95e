"""A clock that goes on when a test says so, a launcher that starts no process, and a wire to what that pretends.

What is under test is everything between a supervisor's verbs and these: a second of its life takes no time at all, and
happens in the same order each time.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, cast

import attrs

from viewra.adapters import Called, Caller, Connection
from viewra.errors import HandshakeError, PluginTimeout
from viewra.process import LaunchPlan, Output, StopStep
from viewra.process import stopping as steps
from viewra.types import Health, PluginInfo, SchemaState

HANDSHAKE = "1|1|unix|/nowhere|grpc"
FOREVER_S = 1e9
SEARCH = ("plugin.SearchService",)


class FakeTask:
    """Work of its own, in a thread that runs only while the clock lets it: one thread runs at a time."""

    def __init__(self, clock: FakeClock, name: str, work: Callable[[], object], *, paused: bool) -> None:
        self.name = name
        self.cancelled = self.done = self.begun = False
        self._clock = clock
        self._work = work
        self._paused = paused
        self._may_run = threading.Semaphore(0)
        self._came = False

    @property
    def over(self) -> bool:
        return self.done or self.cancelled

    def cancel(self) -> None:
        if self._paused and not self.begun:
            self.cancelled = True

    def join(self, timeout_s: float) -> bool:
        own = self._clock.current is self
        return own or self._clock.block(lambda: self.over, self._clock.now() + timeout_s)

    def go_on(self, came: bool = True) -> None:
        """Let it run until it waits, or ends; what it waited for ``came``, or did not."""
        self._came, self._clock.current = came, self
        if self.begun:
            self._may_run.release()
        else:
            self.begun = True
            threading.Thread(target=self._run, name=f"fake-{self.name}", daemon=True).start()
        self._clock.may_run.acquire()
        self._clock.current = None

    def pause(self) -> bool:
        """Let the test run, in the task itself, until ``go_on``."""
        self._clock.may_run.release()
        self._may_run.acquire()
        return self._came

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:
            self._clock.failures.append(error)
        finally:
            self.done = True
            self._clock.may_run.release()


@attrs.define(eq=False)
class Waiting:
    """A task that waits for something, until then at most."""

    task: FakeTask
    condition: Callable[[], bool]
    until: float


class FakeClock:
    """Time goes on only while the test waits; each task then runs until it waits itself, always in the same order."""

    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        self.current: FakeTask | None = None
        self.may_run = threading.Semaphore(0)  # the test
        self._now = 1000.0
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, FakeTask]] = []
        self._waiting: list[Waiting] = []

    # ---- Clock ----

    def now(self) -> float:
        return self._now

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        return self.block(event.is_set, self._now + max(0.0, timeout_s))

    def acquire(self, lock: threading.Lock, timeout_s: float | None) -> bool:
        until = self._now + (FOREVER_S if timeout_s is None else timeout_s)
        got = self.block(lambda: lock.acquire(blocking=False), until)
        assert got or timeout_s is not None, "a lock is waited for that nobody gives back"
        return got

    def start(self, name: str, work: Callable[[], object], pause_s: float = 0.0) -> FakeTask:
        task = FakeTask(self, name, work, paused=pause_s > 0)
        heapq.heappush(self._due, (self._now + pause_s, next(self._numbers), task))
        return task

    def block(self, condition: Callable[[], bool], until: float) -> bool:
        """Wait for something, until then at most; whether it came about."""
        if condition():
            return True
        if (current := self.current) is not None:
            self._waiting.append(Waiting(current, condition, until))
            return current.pause()
        while self._step(until):
            if condition():
                return True
        self._now = max(self._now, until)
        return condition()

    def _step(self, until: float) -> bool:
        """Let the next task go on that can, if there is one by then."""
        for waiting in self._waiting:
            came = waiting.condition()
            if came or waiting.until <= self._now:
                self._waiting.remove(waiting)
                waiting.task.go_on(came)
                return True
        times = [waiting.until for waiting in self._waiting]
        while self._due and self._due[0][2].over:
            heapq.heappop(self._due)
        if self._due:
            times.append(self._due[0][0])
        if not times or min(times) > until:
            return False
        self._now = max(self._now, min(times))
        if self._due and self._due[0][0] <= self._now:
            heapq.heappop(self._due)[2].go_on()
        return True

    # ---- for tests ----

    def at(self, pause_s: float, work: Callable[[], object]) -> FakeTask:
        """Run ``work`` as a task of its own, after ``pause_s`` seconds of this clock."""
        return self.start("test", work, pause_s)

    def advance(self, seconds: float) -> None:
        """Let time go on, and do what is due."""
        self.block(lambda: False, self._now + seconds)

    def tick(self, kept: Any, seconds: float) -> None:
        """Let time go on, and have something ticked four times a second."""
        for _ in range(round(seconds * 4)):
            self.advance(0.25)
            kept.tick()
        self.advance(0.0)

    @property
    def waiting(self) -> list[str]:
        """The names of the tasks that have not ended; those of the test itself do not count."""
        due = [task.name for _, _, task in self._due if not task.over]
        return [name for name in due if name != "test"] + ["somebody waits" for _ in self._waiting]


@attrs.define
class Behaviour:
    """What a process does. ``fails`` and ``takes`` (seconds) go by the step: spawn, handshake, connect, services, info,

    initialize, migrate, start, quiesce, stop, health, check. A step fails with an exception, or with "die". A ``deaf``
    one is ended by SIGKILL alone, a ``silent`` one answers no health checks.
    """

    fails: dict[str, BaseException | str] = attrs.field(factory=dict)
    takes: dict[str, float] = attrs.field(factory=dict)
    services: Collection[str] = SEARCH
    state: SchemaState | None = None
    deaf: bool = False
    silent: bool = False
    unwell: str = ""
    lines: tuple[str, ...] = ()

    def copy(self) -> Behaviour:
        """One that may be changed without the other."""
        return attrs.evolve(self, fails=dict(self.fails), takes=dict(self.takes))


class FakeProcess:
    """What there is of one process."""

    def __init__(self, clock: FakeClock, pid: int, behaviour: Behaviour, on_exit: Callable[[], object] | None) -> None:
        self.pid = pid
        self.started: int | None = pid * 100
        self.behaviour = behaviour
        self.output = Output(lambda _stream, _text: None)
        self.over = threading.Event()
        self.calls: list[str] = []
        self.signals: list[int] = []
        self.code = 0
        self.left = False
        self._clock = clock
        self._on_exit = on_exit

    @property
    def ended(self) -> bool:
        return self.over.is_set()

    def die(self, code: int = 9) -> None:
        """It ends; its own thread tells so a moment later."""
        if self.ended:
            return
        self.code = code
        for line in self.behaviour.lines:
            self.output.feed("stderr", f"{line}\n".encode("utf-8", "surrogateescape"))
        self.over.set()
        if self._on_exit is not None and not self.left:
            self._clock.start(f"child-{self.pid}", self._on_exit)

    def wait(self, timeout_s: float | None = None) -> int | None:
        self._clock.wait(self.over, 1e6 if timeout_s is None else timeout_s)
        return self.code if self.ended else None

    def describe_exit(self) -> str:
        return f"exit status {self.code}" if self.ended else "running"

    def signal(self, number: int) -> bool:
        self.signals.append(number)
        if not self.behaviour.deaf:
            self.die(-number)
        return True

    def stop(
        self, graceful: Callable[[], object] | None = None, *, grace_s: float = 2.0, term_s: float = 2.0
    ) -> StopStep:
        return steps.stop(self, graceful, grace_s=grace_s, term_s=term_s)

    def kill(self) -> None:
        self.die(-9)

    def let_go(self) -> None:
        self.left = True

    def handshake_line(self, timeout_s: float) -> str:
        self.step("handshake", timeout_s)
        return HANDSHAKE

    def step(self, name: str, timeout_s: float) -> None:
        """Do as it is to at this step of the connection; raises HandshakeError when the process has ended meanwhile."""
        behaviour = self.behaviour
        seconds = behaviour.takes.get(name, 0.0)
        if seconds:
            self._clock.wait(self.over, min(seconds, timeout_s))
        what = behaviour.fails.get(name)
        if what == "die":
            self.die()
        elif isinstance(what, BaseException):
            raise what
        if self.ended:
            raise HandshakeError("it ended", step=name, output=self.output.last())
        if seconds > timeout_s:
            raise HandshakeError(f"nothing within {timeout_s:g} s", step=name)


class FakeConnection:
    """As much of a connection as pools and runs know, on the fake clock."""

    def __init__(self, clock: FakeClock) -> None:
        self.in_flight = self.most = 0
        self.refused = False
        self._clock = clock
        self._free = threading.Event()
        self._used = clock.now()

    def enter(self) -> FakeConnection:
        assert not self.refused, "a call enters a run that is gone"
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        self._free.clear()
        return self

    def leave(self) -> None:
        self.in_flight -= 1
        self._used = self._clock.now()
        if not self.in_flight:
            self._free.set()

    @property
    def idle_s(self) -> float:
        return 0.0 if self.in_flight else self._clock.now() - self._used

    def drained(self, timeout_s: float) -> bool:
        if self.in_flight:
            self._clock.wait(self._free, timeout_s)
        return not self.in_flight

    def hurry(self) -> None:
        self._free.set()

    def refuse(self) -> None:
        self.refused = True


class FakeCalls:
    """How the host calls a fake process."""

    def __init__(self, process: FakeProcess, called: Called, clock: FakeClock) -> None:
        self.plugin_id = called.plugin_id
        self.database_url = called.database_url
        self._process = process
        self._called = called
        self._clock = clock

    def call(self, rpc: Any, /, *args: object) -> Any:
        process, behaviour, method = self._process, self._process.behaviour, rpc.method
        process.calls.append(method)
        seconds, deadline_s = behaviour.takes.get(method, 0.0), self._called.deadline_s(method)
        if seconds:
            self._clock.wait(process.over, min(seconds, deadline_s))
        what = behaviour.fails.get(method)
        if what == "die":
            process.die()
        elif isinstance(what, BaseException):
            raise what
        if process.ended:
            raise self._called.loss(method)
        if seconds > deadline_s:
            raise PluginTimeout(self.plugin_id, f"did not answer within {deadline_s:g} s", call=method)
        answers = {
            "info": PluginInfo("p"),
            "health": Health(not behaviour.unwell, behaviour.unwell),
            "describe": behaviour.state,
        }
        return answers.get(method)

    def serves(self, rpc: Any) -> bool:
        return self._called.serves(rpc.wire_service)

    def start(self, rpc: Any, /, *args: object) -> Future[Any]:
        future: Future[Any] = Future()
        if rpc.method == "health" and self._process.behaviour.silent:
            return future

        def answer() -> None:
            try:
                future.set_result(self.call(rpc, *args))
            except Exception as error:
                future.set_exception(error)

        if rpc.method == "quiesce":  # the only one that is not waited for in a future
            self._clock.start("call", answer)
        else:
            answer()
        return future


class FakePeer:
    """The host's end of a connection to a fake process."""

    def __init__(self, process: FakeProcess, clock: FakeClock) -> None:
        self.process = process
        self.closed = False
        self._clock = clock

    def connection(self) -> Connection:
        return cast("Connection", FakeConnection(self._clock))

    def calls(self, called: Called) -> Caller:
        return cast("Caller", FakeCalls(self.process, called, self._clock))

    def ask_services(self, timeout_s: float) -> Callable[[], Collection[str] | None]:
        def names() -> Collection[str]:
            self.process.step("services", timeout_s)
            return self.process.behaviour.services

        return names

    def wait_ready(self, timeout_s: float) -> None:
        self.process.step("connect", timeout_s)

    def check(self, timeout_s: float, done: Callable[[str], object]) -> None:
        behaviour = self.process.behaviour
        if behaviour.takes.get("check", 0.0) > 1e6:  # its answer never comes, and no deadline ends it
            return
        if behaviour.silent:
            self._clock.start("check", lambda: done(f"no answer within {timeout_s:g} s"), timeout_s)
        else:
            done("")

    def follow(self, feed: Callable[[Any, bytes], None]) -> FakePeer:
        return self

    def shut_down(self, timeout_s: float) -> None:
        if not self.process.behaviour.deaf:
            self.process.die(0)

    def close(self) -> None:
        self.closed = True


class FakeLauncher:
    """Starts what a test says: ``next`` for the next starts, in order, then ``behaviour``."""

    def __init__(self, clock: FakeClock) -> None:
        self.behaviour = Behaviour()
        self.next: list[Behaviour] = []
        self.plans: list[LaunchPlan] = []
        self.processes: list[FakeProcess] = []
        self.peers: list[FakePeer] = []
        self._clock = clock
        self._pids = itertools.count(1001)

    def launch(self, plan: LaunchPlan, *, on_line: Any, on_quiet: Any = None, on_exit: Any = None) -> FakeProcess:
        self.plans.append(plan)
        behaviour = self.next.pop(0) if self.next else self.behaviour.copy()
        what = behaviour.fails.get("spawn")
        if isinstance(what, BaseException):
            raise what
        process = FakeProcess(self._clock, next(self._pids), behaviour, on_exit)
        self.processes.append(process)
        return process

    def find(self, pid: int, started: int, *, on_exit: Callable[[], object]) -> FakeProcess:
        """One that was there before."""
        for process in self.processes:
            if process.pid == pid and process.started == started and not process.ended:
                process._on_exit, process.left = on_exit, False
                return process
        raise ProcessLookupError(f"process {pid} is a different process")

    def dial(self, where: Any, pid: int, **_named: Any) -> FakePeer:
        process = next(one for one in self.processes if one.pid == pid)
        peer = FakePeer(process, self._clock)
        self.peers.append(peer)
        return peer

    @property
    def running(self) -> list[FakeProcess]:
        return [process for process in self.processes if not process.ended]


class FakeRemembered:
    """Records that nobody writes down."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def quarantine(self, _found: object) -> Any:
        return self.kept.get("quarantine")

    def set_quarantine(self, _found: object, quarantine: Any) -> None:
        self.kept["quarantine"] = quarantine

    def services(self, _found: object) -> Any:
        return self.kept.get("services")

    def set_services(self, _found: object, code_hash: str, services: frozenset[str]) -> None:
        self.kept["services"] = code_hash, services


@contextmanager
def raises_nothing(clock: FakeClock) -> Iterator[None]:
    """Whatever the clock's tasks raised is raised at the end."""
    yield
    if clock.failures:
        raise clock.failures[0]
