"""One zygote process: starts it, has it fork, and notices when a new one would be different."""

from __future__ import annotations

import contextlib
import json
import os
import select
import site
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import attrs

from viewra.process import launcher
from viewra.process.apply.zygote import REFUSED
from viewra.process.environment import plugin_environment
from viewra.process.forked import Forked
from viewra.process.guardian import Guardian
from viewra.process.leftovers import MARK, new_mark
from viewra.process.plan import LaunchPlan

PRELOADED = ("viewra.sdk", "viewra.sdk.preloaded")
"""The modules that a zygote imports."""

Popen = subprocess.Popen[bytes]
_State = tuple[int, int, int] | None

_READY_S, _FORK_S, _END_S = 60.0, 10.0, 5.0
_LONGEST_MESSAGE = 1 << 20
_LONGEST_REPORT = 200
_ROOM = "." * 1024  # in the command line of the zygote, for those that its forks show


class Spawn(Protocol):
    """Runs a function on the thread to which all children of the host are tied."""

    def __call__(self, start: Callable[[], Popen], abandon: Callable[[Popen], None]) -> Popen:
        """What ``start`` returns; ``abandon`` gets it if it comes too late, and HandshakeError is raised."""
        ...


@attrs.frozen
class Template:
    """A zygote that has imported ``modules``, from files that had these states."""

    process: Popen
    control: socket.socket
    locale: Mapping[str, str]
    modules: frozenset[str]
    files: Mapping[str, _State]

    @classmethod
    def start(cls, spawn: Spawn, locale: Mapping[str, str]) -> Template:
        """Start one and wait until it has imported everything.

        Raises OSError, HandshakeError, or ValueError with its last words.
        """
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            process = spawn(lambda: _spawn(its.fileno(), locale), _kill)
            undo.callback(_kill, process)
            its.close()
            ours.settimeout(_READY_S)
            message = ours.recv(_LONGEST_MESSAGE)
            if not message:
                raise ValueError(_last_words(process))
            ours.settimeout(_FORK_S)
            loaded = json.loads(message)
            files = _states(loaded["files"])
            undo.pop_all()
        return cls(process, ours, locale, frozenset(loaded["modules"]), files)

    def fits(self, locale: Mapping[str, str]) -> bool:
        """Whether it still is what a new one would be: code may have changed, and it may have been killed."""
        return self.process.poll() is None and self.locale == locale and _states(self.files) == self.files

    def fork(self, plan: LaunchPlan, document: Mapping[str, object]) -> Guardian | str:
        """Start this plan, of which the launcher is told ``document``; returns what the zygote did instead.

        Raises OSError.
        """
        mark = new_mark()
        told = {
            **document,
            "argv": plan.argv[1:],
            "environment": {**plan.environment, MARK: mark},
            "directory": str(plan.directory or ""),
        }
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as its:
            passed = [os.memfd_create("viewra-launch")]
            its.callback(os.close, passed[0])
            os.pwrite(passed[0], json.dumps(told).encode(), 0)
            pipes = []
            for _ in range(3):
                read, write = os.pipe()
                its.callback(os.close, write)
                pipes.append(ours.enter_context(open(read, "rb", buffering=0)))
                passed.append(write)
            report, stdout, stderr = pipes
            try:
                socket.send_fds(self.control, [b"+"], passed)
            except OSError as error:
                return f"does not listen: {error}"
            its.close()
            first = _first_line(report.fileno(), _FORK_S)
            if not first:  # end it, lest it forks later
                self.process.kill()
                first = _first_line(report.fileno(), _END_S)
            word, _, value = first.partition(" ")
            if word != "guardian":
                return f"{REFUSED} to fork: {value}" if word == REFUSED else "did not fork"
            ours.pop_all()
        return Guardian(Forked(int(value), stdout, stderr), report, mark)

    def close(self) -> None:
        """End it and reap it. Its forks go on."""
        self.control.close()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
        _kill(self.process)


def _spawn(control: int, locale: Mapping[str, str]) -> Popen:
    told = {
        "control": control,
        "parent": os.getpid(),
        "user_site": site.getusersitepackages() if site.ENABLE_USER_SITE else "",
        "names": PRELOADED,
    }
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-u", launcher.__file__, launcher.ZYGOTE, json.dumps(told), _ROOM],
        env={**plugin_environment({}), **locale, MARK: new_mark()},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,  # a pipe, as each fork has: Python looks at what it is when it starts
        stderr=subprocess.STDOUT,
        pass_fds=[control],
        start_new_session=True,
        bufsize=0,
    )


def _kill(process: Popen) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _states(files: Iterable[str]) -> dict[str, _State]:
    """What changes with each of these files; None for one that is not there."""
    states: dict[str, _State] = {}
    for file in files:  # some hundred at each start
        try:
            found = os.stat(file)  # noqa: PTH116
        except OSError:
            states[file] = None
        else:
            states[file] = found.st_mtime_ns, found.st_size, found.st_ino
    return states


def _first_line(descriptor: int, timeout_s: float) -> str:
    """The first line of a report, and no byte more; less if it ends or ``timeout_s`` seconds pass."""
    poll, line, deadline = select.poll(), b"", time.monotonic() + timeout_s
    poll.register(descriptor, select.POLLIN)
    while not line.endswith(b"\n") and len(line) < _LONGEST_REPORT:
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000) or not (byte := os.read(descriptor, 1)):
            break
        line += byte
    return line.decode("utf-8", "replace").strip()


def _last_words(process: Popen) -> str:
    """The last line that a zygote wrote before it ended."""
    try:
        status = process.wait(_END_S)
    except subprocess.TimeoutExpired:
        return "it closed its connection"
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    os.set_blocking(process.stdout.fileno(), False)
    lines = (process.stdout.read() or b"").decode("utf-8", "replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), f"it ended with status {status}")[:300]
