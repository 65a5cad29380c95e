"""Starts plugin processes through the launcher, all from one long-lived thread.

The kernel's parent-death signal fires when the *thread* that spawned ends, so that thread lives as long as the host.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import site
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

from viewra.errors import HandshakeError
from viewra.process import launcher
from viewra.process.child import Child
from viewra.process.guardian import Guardian
from viewra.process.leftovers import MARK, new_mark
from viewra.process.output import Listener, Output
from viewra.process.plan import LaunchPlan, Origin
from viewra.process.zygote import Zygote, ZygoteUse

_LAUNCHER = str(Path(launcher.__file__).resolve())
_START_S = 60.0
"""Backstop of a start (fork and exec of the interpreter), which an unresponsive disk can delay."""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Spawner:
    """The thread that starts processes, owned by the host. Closing it kills every tied child that still runs.

    The host stops children with ``Child.stop`` first; ``close`` kills them as the host's death would. A zygote
    makes the starts that ``zygote`` says, if it fits.
    """

    def __init__(self, *, zygote: ZygoteUse = "off") -> None:
        self._requests: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._zygote = Zygote(zygote, self._on_thread)
        self._changed = threading.Condition()
        self._starting = 0  # processes that are not tied yet
        self._closed = False
        self._owner = os.getpid()
        self._thread = threading.Thread(target=self._serve, name="spawner", daemon=True)
        self._thread.start()

    def launch(
        self,
        plan: LaunchPlan,
        *,
        on_line: Listener,
        on_quiet: Callable[[], None] | None = None,
        on_exit: Callable[[], None] | None = None,
    ) -> Child:
        """Start a process: see ``Launcher.launch``."""
        if os.getpid() != self._owner:
            raise HandshakeError("a fork of the host starts no plugins: open a Host of its own", step="spawn")
        with self._changed:
            if self._closed:
                raise HandshakeError("the host is closing", step="spawn")
            self._starting += 1
        try:
            guardian, origin = self._start(plan)
            try:
                guardian.wait_for_plugin()
                return Child(guardian, Output(on_line), origin, on_quiet=on_quiet, on_exit=on_exit)
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
        """End the thread, and with it every child. May be called twice. In a fork of the host it ends nothing."""
        if os.getpid() != self._owner:
            return
        with self._changed:
            self._closed = True
            ended = self._changed.wait_for(lambda: self._starting == 0, 2 * _START_S)
        self._zygote.close()
        self._requests.put(None)
        self._thread.join(_START_S if ended else 0.0)
        if self._thread.is_alive():
            _log.error("the thread that starts processes did not end in time")

    def _start(self, plan: LaunchPlan) -> tuple[Guardian, Origin]:
        document = _document(plan)
        try:
            forked = self._zygote.launch(plan, document)
            if isinstance(forked, Guardian):
                return forked, Origin("zygote")
            return self._on_thread(partial(_launch, plan, document), _abandon), Origin("spawn", forked)
        except (OSError, ValueError) as error:
            raise HandshakeError(f"it cannot be started: {error}", step="spawn") from error

    def _on_thread(self, start: Callable[[], _T], abandon: Callable[[_T], None]) -> _T:
        """Run ``start`` on the thread; what it gives too late is abandoned."""
        future: Future[_T] = Future()

        def run() -> None:
            try:
                future.set_result(start())
            except BaseException as error:  # raised again in the calling thread
                future.set_exception(error)

        self._requests.put(run)
        try:
            return future.result(_START_S)
        except TimeoutError as error:
            future.add_done_callback(lambda late: None if late.exception() else abandon(late.result()))
            raise HandshakeError(f"it was not started within {_START_S:g} s", step="spawn") from error

    def _serve(self) -> None:
        while (request := self._requests.get()) is not None:
            request()
            del request


def _abandon(late: Guardian) -> None:
    """Kill a process for which no caller waits any more."""
    late.abandon()


def _document(plan: LaunchPlan) -> dict[str, object]:
    """What the launcher is told, by a spawned start or by a zygote."""
    return {
        "parent": os.getpid(),
        "tied": plan.tied,
        "executable": plan.executable,
        "script": plan.script,
        "confinement": plan.confinement.document() if plan.confinement is not None else None,
        "variables": dict(plan.variables),
        "door": plan.door,
        "user_site": _user_site(plan),
    }


def _launch(plan: LaunchPlan, document: Mapping[str, object]) -> Guardian:
    """Start the launcher's process, which becomes the plugin's guardian; raises OSError."""
    report, report_end = os.pipe()
    argv, interpreter = plan.argv, [sys.executable, "-I", "-S"]
    if plan.script:
        interpreter[0], argv = plan.argv[0], plan.argv[1:]
        interpreter += _as_usual(plan.environment)
    mark = new_mark()
    try:
        process = subprocess.Popen(
            [*interpreter, _LAUNCHER, json.dumps({**document, "report": report_end}), *argv],
            env={**plan.environment, MARK: mark},
            cwd=plan.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[report_end] if plan.executable is None else [report_end, plan.executable],
            start_new_session=True,
            bufsize=0,
        )
    except OSError:
        os.close(report)
        raise
    finally:
        os.close(report_end)
    return Guardian(process, open(report, "rb", buffering=0), mark)


def _user_site(plan: LaunchPlan) -> str:
    """The folder of the user's packages, for a script in the host's own environment."""
    own = plan.script and plan.argv[0] == sys.executable
    return site.getusersitepackages() if own and site.ENABLE_USER_SITE else ""


def _as_usual(env: Mapping[str, str]) -> list[str]:
    """The options for an isolated interpreter, which ignores the variables that say the same."""
    flags = ["-u"] if env.get("PYTHONUNBUFFERED") else []
    if prefix := env.get("PYTHONPYCACHEPREFIX"):
        flags += ["-X", f"pycache_prefix={prefix}"]
    return flags
