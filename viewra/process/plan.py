"""The interface between the runs of a plugin and the operating system: a launch plan in, a process out.

``Spawner`` starts processes, ``Adopted`` attaches to a running one; tests have a launcher that starts nothing.
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


OriginKind = Literal["spawn", "zygote", "attach"]
"""How a host came to a process: it spawned it, a zygote forked it, or it was there already."""


@attrs.frozen
class Origin:
    """How a host came to a process; ``reason`` is why it was not by a zygote, "" if it was."""

    kind: OriginKind
    reason: str = ""


@attrs.frozen
class LaunchPlan:
    """One start of one process.

    ``argv`` begins with an absolute path, ``environment`` is complete, ``directory`` is the working directory.
    ``executable`` is an open descriptor (``open_verified``) of a compiled program that is executed instead of the file
    at ``argv[0]``; the maker of the plan closes it after the launch. A process that is not ``tied`` outlives the host.
    With ``script`` ``argv`` is a Python interpreter and a file: the launcher's interpreter runs the file itself.
    ``confinement`` is applied before any code of the plugin runs; None gives it all rights of the host. ``variables``
    are added to the environment after that, since a variable can make the loader run the plugin's code. ``door`` is
    the file through which the process enters its control group, "" for none.
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
    """A process, until it has ended. Thread-safe.

    ``pid`` and ``started`` (clock ticks since boot, None if it ended at once) together identify it.
    """

    pid: int
    started: int | None
    output: Output
    origin: Origin

    @property
    def ended(self) -> bool:
        """Whether the process has ended, and its output has been read."""
        ...

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Its exit status or minus a signal's number; None if it still runs after ``timeout_s`` seconds."""
        ...

    def describe_exit(self) -> str:
        """How the process ended: ``exit status 3``, ``SIGSEGV``; ``running`` while it runs."""
        ...

    def stop(
        self, graceful: Callable[[], object] | None = None, *, grace_s: float = 2.0, term_s: float = 2.0
    ) -> StopStep:
        """End the process: ``graceful`` (errors are logged), SIGTERM, then SIGKILL. Returns the step that ended it.

        ``grace_s`` and ``term_s`` are the seconds to wait after the first and after the second step.
        """
        ...

    def kill(self) -> None:
        """End the process and all its descendants at once, and wait for their end."""
        ...

    def let_go(self) -> None:
        """Leave the process running, and call no callback at its end."""
        ...


class Launched(Process, Protocol):
    """A process that was started and has not yet printed its handshake line."""

    def handshake_line(self, timeout_s: float) -> str:
        """The first line on stdout that looks like a handshake.

        Raises HandshakeError with the last output: step ``spawn`` when the process could not be executed, ``handshake``
        when it ended, closed its stdout or let ``timeout_s`` seconds pass without that line.
        """
        ...


class Launcher(Protocol):
    """Starts processes. Thread-safe."""

    def launch(
        self,
        plan: LaunchPlan,
        *,
        on_line: Listener,
        on_quiet: Callable[[], None] | None = None,
        on_exit: Callable[[], None] | None = None,
    ) -> Launched:
        """Start the process of the plan, with empty stdin.

        ``on_line(stream, text)`` gets every line except the handshake line; ``on_quiet()`` is called when the output
        pauses and at its end, ``on_exit()`` after the last line. A thread of the process calls all three; they should
        not block long. Raises HandshakeError (step ``spawn``); if the program cannot be executed,
        ``Launched.handshake_line`` raises.
        """
        ...
