"""The program behind ``tests.forking``: imports viewra once, and runs each command in a fork of itself.

Started with one descriptor, a socket of packets, and the names of more modules to import. A packet is a request as
JSON (``module`` or ``code``, ``argv``, ``env``, ``cwd``), with descriptors: where pid and wait status are told, then
stdin, stdout and stderr. The process ends all that it started, and itself, when the other end of its socket is closed.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
from typing import Any, NoReturn

import viewra
from tests.once import evaluate_once

_USED_LATE = ("logging.config", "psycopg", "pytest", "rich.progress", "sqlalchemy.dialects.postgresql", "tests.killing")
_NOT_ALONE = {"viewra.cli.__main__", "viewra.sdk_db.environment.env", "viewra.process.launcher"}
_SELDOM = ("viewra.testing", "viewra.host.workers.dask_")  # what few tests want
_MOST_BYTES = 1 << 20
_DESCRIPTORS = 4


def serve(control: socket.socket) -> dict[str, Any]:
    """Start what is asked for, until there is nobody to ask; in a fork, gives the request that it has to become."""
    running: dict[int, tuple[int, socket.socket]] = {}
    with selectors.DefaultSelector() as ready:
        ready.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is not control:
                    ready.unregister(key.fileobj)
                    pid, told = running.pop(key.fd)
                    _, status = os.waitpid(pid, 0)
                    _tell(told, status)
                    told.close()
                    os.close(key.fd)
                    continue
                packet, descriptors, _, _ = socket.recv_fds(control, _MOST_BYTES, _DESCRIPTORS)
                if not packet:
                    for pid, _ in running.values():
                        os.kill(pid, signal.SIGKILL)
                    sys.exit()
                told = socket.socket(fileno=descriptors[0])
                pid = os.fork()
                if pid == 0:
                    control.close()
                    for other, (_, socket_of_other) in running.items():
                        os.close(other)
                        socket_of_other.close()
                    told.close()
                    _use(descriptors[1:])
                    return json.loads(packet)  # type: ignore[no-any-return]
                for descriptor in descriptors[1:]:
                    os.close(descriptor)
                _tell(told, pid)
                process = os.pidfd_open(pid)
                running[process] = (pid, told)
                ready.register(process, selectors.EVENT_READ)


def _tell(told: socket.socket, number: int) -> None:
    try:
        told.send(str(number).encode())
    except OSError:  # nobody waits for it
        return


def _use(descriptors: list[int]) -> None:
    """Make these the first three, with the streams that an interpreter opens on them."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(open(0, "rb"), errors="surrogateescape")  # type: ignore[misc] # noqa: SIM115
    for number, name, errors in ((1, "stdout", "surrogateescape"), (2, "stderr", "backslashreplace")):
        raw = open(number, "wb")  # noqa: SIM115 - it lives as long as the process
        stream = io.TextIOWrapper(raw, errors=errors, line_buffering=number == 2 or raw.isatty())
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def become(request: dict[str, Any]) -> None:
    """Run the module, or the code, as the interpreter does with ``-m`` and ``-c``."""
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    sys.argv[:] = request["argv"]
    if request["module"] is not None:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    else:
        main = type(sys)("__main__")
        sys.modules["__main__"] = main
        exec(compile(request["code"], "<string>", "exec"), main.__dict__)


def end(error: BaseException | None) -> NoReturn:
    """End as an interpreter does, but for taking apart what was imported: that would be most of a fork's time."""
    status = 0
    if isinstance(error, SystemExit):
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            sys.stderr.write(f"{error.code}\n")
    elif error is not None:
        sys.excepthook(type(error), error, error.__traceback__)
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it was closed
            stream.flush()
    os._exit(status)


def prepare() -> None:
    """Import all that a command may want, so that its fork has it."""
    for found in pkgutil.walk_packages(viewra.__path__, "viewra."):
        if found.name not in _NOT_ALONE and not found.name.startswith(_SELDOM):
            importlib.import_module(found.name)
    for name in (*_USED_LATE, *sys.argv[2:]):
        importlib.import_module(name)
    evaluate_once()
    if len(os.listdir("/proc/self/task")) > 1:
        sys.exit("an import has started a thread: no fork of this process would have it")
    gc.collect()
    gc.freeze()  # a fork copies the pages of what its collector marks


def main() -> None:
    if os.fork() != 0:
        os._exit(0)  # so that it is no child of the tests' process: some of them wait for any child
    control = socket.socket(fileno=int(sys.argv[1]))
    _tell(control, os.getpid())
    prepare()
    request = serve(control)
    try:
        become(request)
    except BaseException as error:
        end(error)
    end(None)


if __name__ == "__main__":
    main()
