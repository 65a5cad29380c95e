"""Starts plugin processes through the launcher, all from one long-lived thread.

The kernel's parent-death signal fires when the *thread* that spawned ends, so that thread lives as long as the host.
"""

from __future__ import annotations

import os
import queue
import site
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO

from viewra.errors import HandshakeError
from viewra.process import launcher
from viewra.process.child import Child
from viewra.process.output import Listener, Output

_LAUNCHER = str(Path(launcher.__file__).resolve())


class Spawner:
    """The thread that starts processes, owned by the host: closing it kills every child that still runs.

    Children are stopped with ``Child.stop`` first; the kill by ``close`` is what also happens when the host dies.
    """

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[tuple[Callable[[], Child], Future[Child]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="spawner", daemon=True)
        self._thread.start()

    def spawn(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        executable: int | None = None,
        tied: bool = True,
        script: bool = False,
        on_line: Listener,
        on_quiet: Callable[[], None] | None = None,
        on_exit: Callable[[Child], None] | None = None,
    ) -> Child:
        """Start ``argv`` (its first item an absolute path) with exactly the environment ``env``, stdin empty.

        ``executable`` is an open descriptor (``open_verified``) of a compiled program that is executed instead of the
        file at ``argv[0]``; the caller closes it afterwards. One that is not ``tied`` outlives the host. With
        ``script`` ``argv`` is a Python interpreter and the file that it runs: the interpreter is started only once.
        ``on_line(stream, text)`` gets every line except the handshake's; ``on_quiet()`` is called when the output has
        paused and at its end, ``on_exit(child)`` after the last line. All three run on the child's own thread and
        should not wait long. Raises HandshakeError (step ``spawn``); a program that cannot be executed shows in
        ``Child.handshake_line``.
        """

        def start() -> Child:
            process, report = _launch(argv, env, cwd, executable, tied=tied, script=script)
            try:
                return Child(process, report, Output(on_line), on_quiet=on_quiet, on_exit=on_exit)
            except (OSError, RuntimeError) as error:  # out of descriptors or threads
                report.close()
                with process:
                    process.kill()
                raise HandshakeError(f"it cannot be watched: {error}", step="spawn") from error

        future: Future[Child] = Future()
        with self._lock:
            if self._closed:
                raise HandshakeError("the host is closing", step="spawn")
            self._requests.put((start, future))
        return future.result()

    def close(self) -> None:
        """End the thread, and with it every child; closing twice is fine."""
        with self._lock:
            self._closed = True
            self._requests.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (request := self._requests.get()) is not None:
            start, future = request
            try:
                future.set_result(start())
            except BaseException as error:  # raised again in the thread that asked
                future.set_exception(error)
            del request, start, future


def _launch(
    argv: Sequence[str], env: Mapping[str, str], cwd: Path | None, executable: int | None, *, tied: bool, script: bool
) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """The process, which is the launcher at first, and where the launcher reports a failure."""
    try:
        report, report_end = os.pipe()
    except OSError as error:
        raise HandshakeError(f"it cannot be started: {error}", step="spawn") from error
    options = [f"report={report_end}"]
    if tied:
        options.append(f"parent={os.getpid()}")
    passed = [report_end]
    if executable is not None:
        options.append(f"executable={executable}")
        passed.append(executable)
    interpreter = [sys.executable, "-I", "-S"]
    if script:
        interpreter[0], *argv = argv
        interpreter += _as_usual(env)
        options += ["script=1", f"user_site={site.getusersitepackages() if site.ENABLE_USER_SITE else ''}"]
    try:
        process = subprocess.Popen(
            [*interpreter, _LAUNCHER, *options, "--", *argv],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=passed,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        os.close(report)
        raise HandshakeError(f"it cannot be started: {error}", step="spawn") from error
    finally:
        os.close(report_end)
    return process, open(report, "rb", buffering=0)


def _as_usual(env: Mapping[str, str]) -> list[str]:
    """What an isolated interpreter, which reads no variables, must be told in words."""
    flags = ["-u"] if env.get("PYTHONUNBUFFERED") else []
    if prefix := env.get("PYTHONPYCACHEPREFIX"):
        flags += ["-X", f"pycache_prefix={prefix}"]
    return flags
