"""A process that is not real, and behaves as a test says."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection

import attrs

from viewra.errors import HandshakeError
from viewra.process import Origin, Output, StopStep
from viewra.process import stopping as steps
from viewra.types import SchemaState

from .fake_clock import FakeClock

HANDSHAKE = "1|1|unix|/nowhere|grpc"
SEARCH = ("plugin.SearchService",)


@attrs.define
class FakeDatabase:
    """A database at a revision, which the processes of a plugin migrate; ``migrated`` is called after each change."""

    current: str
    migrated: Callable[[str], object] = bool

    def go(self, state: SchemaState, steps: int) -> None:
        """Go so many of the revisions up, or back."""
        if not steps:
            return
        ids = ["", *(one.id for one in state.revisions)]
        self.current = ids[ids.index(self.current) + steps]
        self.migrated(self.current)


@attrs.define
class Behaviour:
    """What a process does.

    ``fails`` and ``takes`` (seconds) go by the step: spawn, handshake, connect, services, info, initialize, migrate,
    start, quiesce, stop, health, check. A step fails with an exception, or with "die". ``state`` has the revisions that
    its code knows; with a ``database`` its current one counts. A ``deaf`` process is ended by SIGKILL alone, a
    ``silent`` one answers no health checks. One whose ``services`` are None does not list them. ``line`` is its
    handshake.
    """

    fails: dict[str, BaseException | str] = attrs.field(factory=dict)
    takes: dict[str, float] = attrs.field(factory=dict)
    services: Collection[str] | None = SEARCH
    state: SchemaState | None = None
    database: FakeDatabase | None = None
    deaf: bool = False
    silent: bool = False
    unwell: str = ""
    lines: tuple[str, ...] = ()
    line: str = HANDSHAKE

    def described(self) -> SchemaState | None:
        """What the process says of its database."""
        if self.state is None or self.database is None:
            return self.state
        return attrs.evolve(self.state, current=self.database.current)

    def move(self, method: str) -> None:
        """Migrate the database, or roll it back by one."""
        state = self.described()
        if state is not None and self.database is not None:
            self.database.go(state, -1 if method == "rollback" else len(state.pending or ()))

    def copy(self) -> Behaviour:
        """One that may be changed without the other."""
        return attrs.evolve(self, fails=dict(self.fails), takes=dict(self.takes))


class FakeProcess:
    """What there is of one process."""

    def __init__(self, clock: FakeClock, pid: int, behaviour: Behaviour, on_exit: Callable[[], object] | None) -> None:
        self.pid = pid
        self.started: int | None = pid * 100
        self.behaviour = behaviour
        self.origin = Origin("spawn", "a fake")
        self.output = Output(lambda _stream, _text: None)
        self.over = threading.Event()
        self.calls: list[str] = []
        self.given: defaultdict[str, list[object]] = defaultdict(list)  # the first argument of each call, by method
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
        return self.behaviour.line

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
