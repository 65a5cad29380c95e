"""What a launcher is told to start, and what it gives: the seam between the runs of a plugin and the operating system.

``Spawner`` starts processes, ``Adopted`` is one that was there before; tests have a launcher that starts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

import attrs

from viewra.process.output import Listener, Output
from viewra.process.sandbox.confinement import Confinement

StopStep = Literal["ended", "graceful", "term", "kill"]
"""Which step of ``Process.stop`` ended a process; ``ended``: it had ended before."""


@attrs.frozen
class LaunchPlan:
    """One start of one process.

    ``argv`` begins with an absolute path, ``environment`` is the whole of it, ``directory`` where the process begins.
    ``executable`` is an open descriptor (``open_verified``) of a compiled program that is executed instead of the file
    at ``argv[0]``; the maker of the plan closes it after the launch. A process that is not ``tied`` outlives the host.
    With ``script`` ``argv`` is a Python interpreter and the file that it runs: the interpreter is started only once.
    ``confinement`` is applied before any code of the plugin runs; None leaves it with all that the host may do.
    ``variables`` are added to the environment after that: they could have the loader run code of the plugin's.
    ``door`` is the file by which it enters its control group, "" for none.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path | None = None
    executable: int | None = None
    tied: bool = True
    script: bool = False
    confinement: Confinement | None = None
    variables: Mapping[str, str] = attrs.field(factory=dict)
    door: str = ""


class Process(Protocol):
    """A process, until it has ended; for any thread.

    ``pid`` and ``started`` (clock ticks since boot, None when it had ended at once) name it beyond doubt.
    """

    pid: int
    started: int | None
    output: Output

    @property
    def ended(self) -> bool:
        """Whether it has ended, and its output has been read."""
        ...

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Its exit status (minus the number of a signal), None if it still runs after ``timeout_s`` seconds."""
        ...

    def describe_exit(self) -> str:
        """How it ended: ``exit status 3``, ``SIGSEGV``; ``running`` while it runs."""
        ...

    def stop(
        self, graceful: Callable[[], object] | None = None, *, grace_s: float = 2.0, term_s: float = 2.0
    ) -> StopStep:
        """End it: ``graceful`` (its errors are logged), then SIGTERM, then SIGKILL; gives the step that ended it.

        ``grace_s`` and ``term_s`` are the seconds granted after each of the first two.
        """
        ...

    def kill(self) -> None:
        """End it at once, with all that it started, and wait for that."""
        ...

    def let_go(self) -> None:
        """Leave it running: its end is told to nobody."""
        ...


class Launched(Process, Protocol):
    """A process that was started, and is about to say where it listens."""

    def handshake_line(self, timeout_s: float) -> str:
        """The first line on stdout that looks like a handshake.

        Raises HandshakeError with the last output: step ``spawn`` when the process could not be executed, ``handshake``
        when it ended, closed its stdout or let ``timeout_s`` seconds pass without that line.
        """
        ...


class Launcher(Protocol):
    """Starts processes. For any thread."""

    def launch(
        self,
        plan: LaunchPlan,
        *,
        on_line: Listener,
        on_quiet: Callable[[], None] | None = None,
        on_exit: Callable[[], None] | None = None,
    ) -> Launched:
        """Start what the plan says, stdin empty.

        ``on_line(stream, text)`` gets every line except the handshake's; ``on_quiet()`` is called when the output has
        paused and at its end, ``on_exit()`` after the last line. All three are called on a thread of the process's own
        and should not wait long. Raises HandshakeError (step ``spawn``); a program that cannot be executed shows in
        ``Launched.handshake_line``.
        """
        ...
