"""Starts plugin processes through the launcher, all from one long-lived thread.

The kernel's parent-death signal fires when the *thread* that spawned ends, so that thread lives as long as the host.
"""

from __future__ import annotations

import os
import queue
import secrets
import site
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from viewra.errors import HandshakeError
from viewra.process import launcher
from viewra.process.child import Child
from viewra.process.guardian import Guardian
from viewra.process.leftovers import MARK
from viewra.process.output import Listener, Output

_LAUNCHER = str(Path(launcher.__file__).resolve())


class Spawner:
    """The thread that starts processes, owned by the host: closing it kills every tied child that still runs.

    Children are stopped with ``Child.stop`` first; the kill by ``close`` is what also happens when the host dies.
    """

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[tuple[Callable[[], Guardian], Future[Guardian]] | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._starting = 0  # processes that may not be tied yet
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
        with self._changed:
            if self._closed:
                raise HandshakeError("the host is closing", step="spawn")
            self._starting += 1
        try:
            future: Future[Guardian] = Future()
            launch = partial(_launch, argv, env, cwd, executable, tied=tied, script=script)
            self._requests.put((launch, future))
            guardian = future.result()
            try:
                guardian.wait_for_plugin()
                return Child(guardian, Output(on_line), on_quiet=on_quiet, on_exit=on_exit)
            except BaseException as error:
                guardian.abandon()
                if isinstance(error, (OSError, RuntimeError)):  # out of descriptors or threads
                    raise HandshakeError(f"it cannot be watched: {error}", step="spawn") from error
                raise
        finally:
            with self._changed:
                self._starting -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End the thread, and with it every child; closing twice is fine."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._starting == 0)
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
) -> Guardian:
    """The launcher's process, which becomes the plugin's guardian."""
    try:
        report, report_end = os.pipe()
    except OSError as error:
        raise HandshakeError(f"it cannot be started: {error}", step="spawn") from error
    options = [f"report={report_end}", f"parent={os.getpid()}"]
    if tied:
        options.append("tied=1")
    passed = [report_end]
    if executable is not None:
        options.append(f"executable={executable}")
        passed.append(executable)
    mark = f"{os.getpid()}-{secrets.token_hex(8)}"
    interpreter = [sys.executable, "-I", "-S"]
    if script:
        interpreter[0], *argv = argv
        interpreter += _as_usual(env)
        options += ["script=1", f"user_site={site.getusersitepackages() if site.ENABLE_USER_SITE else ''}"]
    try:
        process = subprocess.Popen(
            [*interpreter, _LAUNCHER, *options, "--", *argv],
            env={**env, MARK: mark},
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
    return Guardian(process, open(report, "rb", buffering=0), mark)


def _as_usual(env: Mapping[str, str]) -> list[str]:
    """What an isolated interpreter, which reads no variables, must be told in words."""
    flags = ["-u"] if env.get("PYTHONUNBUFFERED") else []
    if prefix := env.get("PYTHONPYCACHEPREFIX"):
        flags += ["-X", f"pycache_prefix={prefix}"]
    return flags
