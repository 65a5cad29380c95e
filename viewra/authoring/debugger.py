"""Runs a plugin's program under a debugger, without a host, so that a host can attach to it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import attrs

from viewra.codec.protocol import DEBUG
from viewra.errors import PluginFault, UsageError
from viewra.host.installed.entry_point import command
from viewra.host.plugin import Plugin
from viewra.host.running.reattach import Reattach
from viewra.manifest import Manifest

Debugger = Literal["debugpy", "pdb"]
LONG_S = 86_400.0
"""Seconds for calls, health checks and the start: a developer may look at a stopped program for long."""
END_S = 2.0
"""Seconds for a program to end by itself: one that a debugger has stopped does not."""
_RECORD = re.compile(r"--reattach 'ID=(\{.*\})'")


@attrs.frozen
class Debugged:
    """A program under a debugger, and how to attach to it."""

    process: subprocess.Popen[str]
    serves: threading.Event = attrs.field(factory=threading.Event)
    records: list[Reattach] = attrs.field(factory=list)

    def wait_for_record(self, cancel: threading.Event) -> Reattach | None:
        """How to attach, once the program serves; None if it has ended, or ``cancel`` is set."""
        while not cancel.is_set():
            if self.serves.wait(0.1):
                return self.records[0]
            if self.process.poll() is not None:
                return None
        return None

    def end_soon(self) -> None:
        """End the program, also one that a debugger has stopped, in a thread of its own: for a signal handler."""
        threading.Thread(target=_end, args=(self.process,), name="end-debugged", daemon=True).start()


def choose(
    manifest: Manifest, wanted: Debugger | None, has_debugpy: Callable[[str], bool], python: Path | None = None
) -> Debugger:
    """The debugger to use: debugpy where it is installed, else pdb. Raises UsageError if it cannot be used.

    ``python`` is the interpreter of the environment that was built for the plugin.
    """
    interpreter, *entry = command(manifest, python)
    if not entry:
        raise UsageError(
            f"plugin {manifest.id} is no Python program",
            hint=f"run it: viewra plugins dev {manifest.directory}; then attach your debugger to its process",
        )
    if wanted == "pdb":
        return "pdb"
    if has_debugpy(interpreter):
        return "debugpy"
    if wanted == "debugpy":
        install = (
            f"{interpreter} -m pip install debugpy" if python is None else "name it among the plugin's requirements"
        )
        raise UsageError("debugpy is not installed", hint=f"{install}; or use --with pdb")
    return "pdb"


@contextmanager
def debugged(
    manifest: Manifest,
    debugger: Debugger,
    port: int,
    on_line: Callable[[str], None],
    *,
    wait: bool,
    python: Path | None = None,
) -> Iterator[Debugged]:
    """Start the program under the debugger; it is ended at the end.

    debugpy listens at ``port`` of the loopback interface and, with ``wait``, holds the program until somebody connects.
    pdb uses this terminal. ``on_line`` gets each line that the program writes to stderr; ``python`` is as for
    ``choose``. Raises UsageError if the port is taken, PluginFault if it cannot be started.
    """
    interpreter, entry = command(manifest, python)
    arguments = ["-m", "pdb", "-c", "continue"]
    if debugger == "debugpy":
        _require_free(port)
        arguments = ["-m", "debugpy", "--listen", f"127.0.0.1:{port}", *(["--wait-for-client"] if wait else [])]
    try:
        process = subprocess.Popen(
            [interpreter, "-Xfrozen_modules=off", *arguments, entry],
            cwd=manifest.directory,
            env={**os.environ, DEBUG: "1", "PYTHONUNBUFFERED": "1"},
            stdin=None if debugger == "pdb" else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise PluginFault(manifest.id, f"could not be started: {error}") from error
    running = Debugged(process)
    reader = threading.Thread(target=_read, args=(running, on_line), name="debugged-stderr", daemon=True)
    reader.start()
    try:
        yield running
    finally:
        _end(process)
        reader.join(END_S)
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        if not reader.is_alive():
            process.stderr.close()


def unhurried(plugin: Plugin) -> None:
    """Give every call of the plugin, and each health check, a day."""
    calls = plugin.runtime.call_timeout_s
    plugin.runtime_settings.change(
        {
            **{f"call_timeout_s.{name}": LONG_S for name in {"default", *calls}},
            "start_timeout_s": LONG_S,
            "health.interval_s": LONG_S,
            "health.own_interval_s": LONG_S,
        }
    )


def _read(running: Debugged, on_line: Callable[[str], None]) -> None:
    assert running.process.stderr is not None  # noqa: S101 - it is a pipe
    for line in running.process.stderr:
        if not running.serves.is_set() and (match := _RECORD.search(line)):
            running.records.append(Reattach.from_json(match[1]))
            running.serves.set()
            continue
        on_line(line.rstrip("\n"))


def _require_free(port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be used for debugpy: {error.strerror}", hint="choose another one: --port N"
            ) from error


def _end(process: subprocess.Popen[str]) -> None:
    for stop in (process.terminate, process.kill):
        if process.poll() is not None:
            return
        stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
