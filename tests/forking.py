"""Starts commands as forks of a process that has imported viewra, because the imports take longer than most commands.

What is started is a process like any other, with arguments, environment, folder and descriptors of its own: it can be
signalled, killed and waited for, and it ends as an interpreter does. Its parent is the process it was forked from.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psutil

ROOT = Path(__file__).parents[1]
PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL


class Server:
    """The process that is forked; ``prefix`` is what it is started through, as in ``["setpriv", …]``.

    It imports viewra and the modules in ``also``.
    """

    def __init__(self, prefix: Sequence[str] = (), also: Sequence[str] = ()) -> None:
        self._control, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = Path(__file__).with_name("forking_server.py")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VIEWRA_")}
        with its:
            subprocess.run(
                [*prefix, sys.executable, str(program), str(its.fileno()), *also],
                stdin=DEVNULL,
                pass_fds=[its.fileno()],
                env={**environment, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)},
                start_new_session=True,
                check=True,
            )
        self.pid = _number(self._control)

    def start(
        self,
        argv: Sequence[str],
        *,
        module: str | None = None,
        code: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> Forked:
        """Start ``python -m module`` or ``python -c code`` with these arguments; the rest is as in ``Popen``."""
        told, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = {
            "argv": list(argv),
            "module": module,
            "code": code,
            "env": dict(os.environ if env is None else env),
            "cwd": str(cwd or Path.cwd()),
        }
        ours: list[int | None] = []
        opened = [its.detach()]
        try:
            descriptors = opened[:]
            for number, wanted in enumerate((stdin, stdout, stderr)):
                mine: int | None = None
                if wanted == PIPE:
                    reader, writer = os.pipe()
                    mine, wanted = (writer, reader) if number == 0 else (reader, writer)
                    opened.append(wanted)
                elif wanted == DEVNULL:
                    wanted = os.open(os.devnull, os.O_RDWR)
                    opened.append(wanted)
                descriptors.append(number if wanted is None else wanted)
                ours.append(mine)
            socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
        finally:
            for descriptor in opened:
                os.close(descriptor)
        return Forked(told, *ours)

    def close(self) -> None:
        """End it and all that it has started."""
        with self._control:
            self._control.shutdown(socket.SHUT_WR)
            self._control.settimeout(60)
            assert self._control.recv(1) == b""


class Forked:
    """What ``subprocess.Popen`` is, as far as tests use it, of texts."""

    def __init__(self, told: socket.socket, stdin: int | None, stdout: int | None, stderr: int | None) -> None:
        self._told = told
        self.args = "a forked process"
        self.stdin = _opened(stdin, "w")
        self.stdout = _opened(stdout, "r")
        self.stderr = _opened(stderr, "r")
        self.returncode: int | None = None
        self.pid = _number(told)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _value: object, _trace: TracebackType | None) -> None:
        if kind is not None:
            self.kill()
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            return self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = os.waitstatus_to_exitcode(_number(self._told))
            self._told.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Read both streams to their ends and wait; TimeoutExpired leaves it running."""
        until = None if timeout is None else time.monotonic() + timeout
        texts = {"stdout": "", "stderr": ""}

        def read(name: str, stream: IO[str]) -> None:
            with stream:
                texts[name] = stream.read()

        if self.stdin is not None:
            self.stdin.close()
        readers = []
        for name, stream in (("stdout", self.stdout), ("stderr", self.stderr)):
            if stream is not None and not stream.closed:
                readers.append(threading.Thread(target=read, args=(name, stream), daemon=True))
                readers[-1].start()
        for reader in readers:
            reader.join(None if until is None else max(0, until - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(None if until is None else max(0, until - time.monotonic()))
        return texts["stdout"], texts["stderr"]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended, and nobody has told yet
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _number(told: socket.socket) -> int:
    packet = told.recv(64)
    assert packet, "the process that is forked has ended"
    return int(packet)


def _opened(descriptor: int | None, mode: str) -> IO[str] | None:
    return None if descriptor is None else os.fdopen(descriptor, mode, encoding="utf-8", errors="surrogateescape")


@functools.cache
def server(prefix: tuple[str, ...] = (), also: tuple[str, ...] = ()) -> Server:
    """The one of this process, started when it is first asked for; ``close_all`` ends it."""
    made = Server(prefix, also)
    _SERVERS.append(made)
    return made


_SERVERS: list[Server] = []


def descendants() -> list[psutil.Process]:
    """All that was started this way and what that has started, as far as it has not ended."""
    return [process for one in _SERVERS for process in psutil.Process(one.pid).children(recursive=True)]


def close_all() -> None:
    """End the processes that are forked, at the end of the tests."""
    while _SERVERS:
        _SERVERS.pop().close()
    server.cache_clear()
