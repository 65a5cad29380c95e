"""The zygote: a process that has imported the SDK, and forks into the launcher of a plugin for each request.

The forks are children of the host, as launchers that it spawned are, so everything that ties a plugin to its host and
its guardian applies to them, too. The zygote itself never reads what it is to launch: it only passes descriptors on,
and keeps none. It forks only while it has a single thread.
"""

from __future__ import annotations

import ctypes
import gc
import os
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

REFUSED = "refused"
FAILED = 126  # as in the launcher
_CLONE = {"x86_64": 56, "aarch64": 220}  # the system call's number in a process of 64 bits, by machine
_CLONE_PARENT, _CLEAR_TID, _SET_TID = 0x00008000, 0x00200000, 0x01000000  # flags of clone(2)
_GET_TID_ADDRESS, _ARENAS = 40, -8  # numbers of prctl(2) and mallopt(3)
_DESCRIPTORS = 4
_HIGHEST = 1 << 30
_MARK = b"VIEWRA_PROCESS="  # as process/leftovers.py has it


def serve(control: int, names: list[str], parse: Callable[[str], Any]) -> dict[str, Any]:
    """Import modules, say that this is done, and answer requests; returns, in each fork, the plan of a launch.

    Ends the process when the host closes its end.
    """
    host = socket.socket(fileno=control)
    libc = ctypes.PyDLL(None, use_errno=True)  # keeps the interpreter's lock in a call: a fork must own it
    address = ctypes.c_void_p()
    told = libc.prctl(_GET_TID_ADDRESS, ctypes.byref(address), 0, 0, 0) == 0
    gc.disable()
    for name in names:
        __import__(name)
    gc.collect()
    gc.freeze()  # a collection would write to these objects, and so copy the pages that the forks share
    gc.enable()
    host.send(_loaded())
    flags = _CLONE_PARENT | (_CLEAR_TID | _SET_TID if told else 0)
    number, own = ctypes.c_long(_CLONE[os.uname().machine]), address if told else None
    none = ctypes.c_void_p()
    # The last two arguments are in another order on ARM.
    last = (own, none) if os.uname().machine == "x86_64" else (none, own)
    while True:
        _, parts, _, _ = host.recvmsg(1, socket.CMSG_SPACE(4 * _DESCRIPTORS))
        if not parts:
            os._exit(0)
        descriptors = [int.from_bytes(parts[0][2][at : at + 4], sys.byteorder) for at in range(0, 4 * _DESCRIPTORS, 4)]
        if (threads := len(os.listdir("/proc/self/task"))) != 1:
            os.write(descriptors[1], f"{REFUSED} it has {threads} threads\n".encode())
        elif (pid := libc.syscall(number, ctypes.c_long(flags), none, none, *last)) == 0:
            host.detach()
            try:
                return _become(libc, descriptors, parse)
            except OSError as error:
                os.write(descriptors[1], f"error {error}\n".encode())
                os._exit(FAILED)
        elif pid < 0:
            os.write(descriptors[1], f"{REFUSED} {os.strerror(ctypes.get_errno())}\n".encode())
        for descriptor in descriptors:
            os.close(descriptor)


def _loaded() -> bytes:
    """What is loaded, as JSON: ``modules`` outside of packages, and ``files`` that are not the standard library's."""
    import json

    standard = os.path.dirname(os.__file__)  # noqa: PTH120 - pathlib takes its time
    found = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
    files = [file for file in found if file and (not file.startswith(standard) or "site-packages" in file)]
    return json.dumps({"modules": sorted({name.partition(".")[0] for name in sys.modules}), "files": files}).encode()


def _become(libc: ctypes.PyDLL, descriptors: list[int], parse: Callable[[str], Any]) -> dict[str, Any]:
    """In a fork: take the place of a launcher that the host spawned with this plan."""
    document, report, stdout, stderr = descriptors
    os.write(report, f"guardian {os.getpid()}\n".encode())
    os.setsid()
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    with open(document, "rb") as file:
        plan: dict[str, Any] = parse(file.read().decode())
    os.closerange(3, report)
    os.closerange(report + 1, _HIGHEST)
    environment = plan.pop("environment")
    os.environ.clear()
    os.environ.update(environment)
    _show(plan["argv"], environment)
    if directory := plan.pop("directory"):
        os.chdir(directory)
    sys.pycache_prefix = environment.get("PYTHONPYCACHEPREFIX")
    arenas = environment.get("MALLOC_ARENA_MAX", "")
    if arenas and hasattr(libc, "mallopt"):  # the C library read the variable before it was set
        libc.mallopt(_ARENAS, int(arenas))
    if "time" in sys.modules:
        sys.modules["time"].tzset()
    plan["report"] = report
    return plan


def _show(argv: list[str], environment: dict[str, str]) -> None:
    """Show the plugin's command line, and the mark in its environment, where the system shows those of the zygote."""
    with open("/proc/self/stat", "rb", buffering=0) as file:
        places = list(map(int, file.read().rpartition(b")")[2].split()[45:49]))
    if not all(places):  # the kernel hides them
        return
    arguments, arguments_end, variables, variables_end = places
    shown = os.fsencode(" ".join((sys.executable, *argv)))[: arguments_end - arguments - 2]
    # The last byte says that this is one text, which ends at its NUL: Linux's way for programs that set their title.
    ctypes.memmove(arguments, shown.ljust(arguments_end - arguments - 1, b"\0") + b".", arguments_end - arguments)
    mark = _MARK + os.fsencode(environment[_MARK.decode().rstrip("=")])
    at = ctypes.string_at(variables, variables_end - variables).find(_MARK)
    if at >= 0:
        ctypes.memmove(variables + at, mark, len(mark))
