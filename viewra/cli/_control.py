"""Sends requests to the host that runs on a data directory, over its control socket."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import attrs

from viewra.cli._options import Options
from viewra.errors import LockedError, UsageError, ViewraError
from viewra.host.admin.wire import encoded, read_line
from viewra.host.installed.data_dir import read_note
from viewra.host.installed.lock import InUse, holder
from viewra.library.paths import absolute

T = TypeVar("T")

KNOCK_S = 15.0
"""Seconds in which a host that holds the data directory must answer a ping; it may be starting or ending."""
LOOK_S, DO_S = 15.0, 900.0
"""Seconds for an answer: for a query, and for operations that start plugins, which may migrate first."""

_LOOKS = {"ping", "list", "info", "stats", "scan_get", "scan_list", "scan_notifications"}
_LOOKS |= {"library_upkeep", "task_list", "task_get"}
_LONGEST_ANSWER = 64 * 1024 * 1024
_TRIES = 3


class _Gone(Exception):
    """No host listens, or the host ended before it did what was asked."""


@attrs.frozen
class RunningHost:
    """A host that has just answered: its socket, and the name of its process in messages."""

    path: Path
    process: str


class HostError(ViewraError):
    """An error that a running host reported."""

    def __init__(self, message: str, *, hint: str | None, exit_status: int) -> None:
        super().__init__(message, hint=hint)
        self.exit_status = exit_status


def find_host(data_dir: Path) -> RunningHost | None:
    """The host that runs on this data directory, None if none does.

    Raises LockedError if a host holds the directory and does not answer.
    """
    deadline = time.monotonic() + KNOCK_S
    while True:
        path = read_note(data_dir)
        if path is not None:
            try:
                return RunningHost(path, _process(_exchange(path, "ping", {}, deadline)))
            except (_Gone, TimeoutError):  # a host that was killed left its note, or one is just starting
                pass
        name = holder(data_dir)
        if name is None:
            return None
        if time.monotonic() >= deadline:
            raise LockedError(
                f"{data_dir} is in use by {name}, which does not answer on its control socket",
                hint="it is starting, ending or stuck: try again, or end it",
            )
        threading.Event().wait(0.05)


def ask(data_dir: Path, command: str, **arguments: Any) -> Any:
    """The answer of the host on this data directory, None if none runs.

    Raises ViewraError for an error that the host reported, and LockedError if the host does not answer.
    """
    for _ in range(_TRIES):
        host = find_host(data_dir)
        if host is None:
            return None
        seconds = LOOK_S if command in _LOOKS else DO_S
        try:
            return _exchange(host.path, command, arguments, time.monotonic() + seconds)
        except _Gone:
            continue  # the host was just ending
        except TimeoutError as error:
            raise LockedError(
                f"{host.process} did not answer within {seconds:g} s", hint="it may hang: look at its log"
            ) from error
    raise LockedError(f"the host on {data_dir} ended before it answered", hint="try again")


def alone(options: Options, command: str, *, exclusive: bool = True, **arguments: Any) -> Any:
    """Run the operation in a host of the command's own."""
    from viewra.host.admin.dispatch import Dispatch  # imports the whole host

    with options.host(exclusive=exclusive) as host:
        return Dispatch(host.plugins, host).answer(command, arguments)


def ask_or_do(options: Options, command: str, **arguments: Any) -> Any:
    """Ask the running host; if none runs, run the operation here, for the next host to find its result.

    The running host does not learn of plugins that only this command knows: those in further directories
    (``--plugins``) and those that the operator runs (``--reattach``).
    """
    if options.reattach:
        return alone(options, command, exclusive=False, **arguments)
    try:
        answer = ask(options.directory, command, **arguments)
    except HostError as error:
        if error.exit_status != UsageError.exit_status or not options.plugins:
            raise
        return alone(options, command, exclusive=False, **arguments)
    if answer is not None:
        return answer
    done = alone(options, command, exclusive=False, **arguments)
    # A host that started meanwhile may have read the state before this operation.
    answer = ask(options.directory, command, **arguments)
    return done if answer is None else answer


def ask_or_hold(options: Options, command: str, **arguments: Any) -> Any:
    """Ask the running host; if none runs, run the operation in a host that holds the data directory."""

    def work() -> Any:
        answer = ask(options.directory, command, **arguments)
        return alone(options, command, **arguments) if answer is None else answer

    return beside_or_alone(work)


def beside_or_alone(work: Callable[[], T]) -> T:
    """The result of ``work``, which asks the running host, or opens one if none runs.

    If a host was opened in between, for example by ``viewra serve``, it works again, and asks that one.
    """
    try:
        return work()
    except InUse:
        return work()


def whole(path: str) -> str:
    """A path as a host finds it, whose working directory is another."""
    return os.fsdecode(absolute(path))


def no_host(data_dir: Path, what: str, *, hint: str) -> ViewraError:
    """The error for a command that needs a running host."""
    return ViewraError(f"no host runs on {data_dir}: {what}", hint=hint)


def _process(answer: Any) -> str:
    """The name of the answering process in messages."""
    return str(answer["process"]) if isinstance(answer, dict) and "process" in answer else "the running host"


def _exchange(path: Path, command: str, arguments: dict[str, Any], deadline: float) -> Any:
    """One request and its answer; raises _Gone, TimeoutError, and errors that the host reports."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            connection.connect(os.fspath(path))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have answered nevertheless
                connection.sendall(encoded({"command": command, "arguments": arguments}))
            line = read_line(connection, _LONGEST_ANSWER, deadline)
        except TimeoutError:
            raise
        except PermissionError as error:
            raise ViewraError(
                f"the control socket {path}: {error.strerror}", hint="run the command as the host's user"
            ) from error
        except OSError as error:
            raise _Gone from error
    if not line:
        raise _Gone
    try:
        answer = json.loads(line)
        if "error" not in answer:
            return answer["result"]
        failure = HostError(**answer["error"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ViewraError(
            f"the program that answers at {path} is not a host of this version",
            hint="end it, or use the command of its version",
        ) from error
    raise failure
