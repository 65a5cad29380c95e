"""Starts a plugin: becomes its guardian (the plugin's parent process), and in a fork becomes the plugin.

A confinement may have a wrapper, a command that shows the plugin less of the system: the fork executes that, and it
executes this launcher again, with ``--inside`` before the DOCUMENT, for all that is left to do.

With ``--zygote`` it becomes a zygote, each fork of which goes on as if it had been started (``apply/zygote.py``).

A script of the standard library alone, started as ``python -I -S launcher.py DOCUMENT ARGV…``; the plugin gets the
launcher's environment, folder, stdin, stdout and stderr, and a session of its own. DOCUMENT is a JSON object:

    report      open descriptor on which the host is told, a line each: ``pid N`` of the plugin, once it is tied and has
                its session; ``error WHY`` when it could not be executed; ``exit N``, its exit status or minus the
                signal's number; ``done`` when nothing of it is left
    parent      the host's process id
    tied        whether all ends when the host's spawning thread does
    executable  open descriptor of the program that is executed instead of the path in ARGV, or null
    script      whether ARGV is a Python file, which this interpreter then runs itself: a second one would take its time
    confinement what confines the plugin, or null; ``viewra/process/sandbox/confinement.py`` has its parts
    variables   what is added to the environment once the plugin is confined: a variable can have the loader run code
    door        the file by which the plugin enters its control group; or empty
    user_site   the folder of the user's own packages, for a script; or empty
"""

from __future__ import annotations

import _json  # importing ``json`` takes as long as the rest of the launcher
import _signal  # type: ignore[import-not-found]  # ``signal`` builds enumerations: a third of the launcher's time
import ctypes
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

INSIDE, ZYGOTE = "--inside", "--zygote"
FAILED = 126
"""The exit status after a launch that failed."""

_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 1, 15, 36  # Linux's numbers
_LAST_SIGNAL = 64
_FOR_THE_PLUGIN = (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP)
_PYTHONS_OWN = (_signal.SIGINT, _signal.SIGPIPE, _signal.SIGXFSZ)  # an interpreter handles these itself
_RT_SIGACTION = {"x86_64": 13, "aarch64": 134}  # the system call's number in a process of 64 bits, by machine
_SIGACTION_BYTES = 32  # Linux's struct sigaction there: handler, flags, restorer and mask, of 8 bytes each
_MASK_BYTES = 8
_IGNORED = (1).to_bytes(8, sys.byteorder)  # SIG_IGN as a handler
_STDOUT = "VIEWRA_STDOUT"  # as codec/protocol.py has it


def set_process(libc: ctypes.CDLL, what: int, value: int, name: str) -> None:
    """Set an attribute of this process; raises OSError if the kernel does not."""
    if libc.prctl(what, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({name})")


def tie_to_parent(libc: ctypes.CDLL, parent: int, number: int) -> None:
    """Have the kernel send this process a signal when the thread of the parent that started it ends; raises OSError.

    The tie survives an exec, not a fork. If the parent died before the tie was made, its changed number shows that.
    """
    set_process(libc, _PR_SET_PDEATHSIG, number, "PR_SET_PDEATHSIG")
    if os.getppid() != parent:
        raise OSError("the process that starts it has ended")


def restore_signals(libc: ctypes.CDLL, keep: tuple[int, ...] = ()) -> None:
    """Reset every signal to its default action.

    A plugin would inherit ignored signals: SIGPIPE from this interpreter, SIGINT from a shell that started the host in
    the background, and signals 32 and 33 from CPython 3.13's ``subprocess``. The C library reserves those two for its
    threads and refuses to change them, so the kernel is called directly on machines whose call number is known.
    """
    call = _RT_SIGACTION.get(os.uname().machine) if sys.maxsize > 2**32 else None
    default, found = ctypes.create_string_buffer(_SIGACTION_BYTES), ctypes.create_string_buffer(_SIGACTION_BYTES)
    for number in set(range(1, _LAST_SIGNAL + 1)).difference(keep):
        if call is None:
            libc.signal(number, None)  # fails for the few that cannot be changed, which is harmless
            continue
        libc.syscall(call, number, None, found, ctypes.c_size_t(_MASK_BYTES))
        if found.raw[:_MASK_BYTES] == _IGNORED:  # keep the C library's own handler
            libc.syscall(call, number, default, None, ctypes.c_size_t(_MASK_BYTES))


def tell(report: int, word: str, value: object = "") -> None:
    """Report something to the host; ignored if the host has ended."""
    try:  # noqa: SIM105 - ``contextlib`` takes its time to import
        os.write(report, f"{word} {value}".replace("\n", " ").encode("utf-8", "backslashreplace") + b"\n")
    except OSError:
        pass


_beside: dict[str, Any] = {}


def beside(name: str) -> Any:
    """Load a module of the folder ``apply``, in such a way that neither the plugin can replace it nor sees it."""
    if name in _beside:
        return _beside[name]
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib takes its time
    sys.path.insert(0, f"{here}/apply")
    try:
        _beside[name] = __import__(name)
    finally:
        del sys.path[0]
        sys.modules.pop(name, None)
    return _beside[name]


class Confined:
    """A plugin's sandbox, loaded before the fork: the plugin applies it, the guardian makes its connections."""

    def __init__(self, confinement: dict[str, Any]) -> None:
        self._confinement = confinement
        self._confining = beside("confining")
        self._connecting: Any = None
        self._ours: Any = None
        self._its: Any = None
        if confinement["connect"] is not None:
            self._connecting = beside("connecting")
            self._ours, self._its = self._connecting.channel()

    def serve(self) -> None:
        """In the guardian: make the plugin's connections, on a thread."""
        if self._connecting is not None:
            self._its.close()
            self._connecting.serve(self._ours, self._confinement["connect"])

    def enter(self, libc: ctypes.CDLL, command: list[str], kept: list[int]) -> None:
        """In the plugin: become the wrapper, with some descriptors; raises OSError. What is left to do it starts again.

        It waits for the plugin's end, and blocks what is sent to the plugin's whole group.
        """
        if os.geteuid() != 0:  # a wrapper wants none of the host's capabilities
            self._confining.drop(libc, {**self._confinement, "capabilities": 0, "user": None}, lambda: None)
        for descriptor in kept:
            os.set_inheritable(descriptor, True)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, _FOR_THE_PLUGIN)
        os.execv(command[0], command)  # noqa: S606 - a shell is what must not be there

    def confine(self, libc: ctypes.CDLL, user_changed: Callable[[], object]) -> None:
        """In the plugin: drop the rights that it may not have; raises OSError."""
        listener = self._confining.confine(libc, self._confinement, user_changed)
        if self._connecting is not None:
            self._ours.close()
            self._connecting.hand_over(self._its, listener)


class Reading:
    """Options for the JSON scanner in C, the same as ``json`` passes."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float


def guard(
    libc: ctypes.CDLL, plugin: int, report: int, parent: int, executable: int | None, *, tied: bool, wrapped: bool
) -> None:
    """Close everything that belongs to the plugin, and guard it. Never returns."""
    try:
        guarding = beside("guarding")
        libc.prctl(_PR_SET_NAME, guarding.NAME.encode("ascii"), 0, 0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(nothing, descriptor)
        os.close(nothing)
        if executable is not None:
            os.close(executable)
        os.chdir("/")
        guarding.Guard(plugin, lambda *said: tell(report, *said), parent, tied=tied, wrapped=wrapped).run()
    finally:
        os._exit(0)


def launch(
    argv: list[str],
    *,
    report: int,
    parent: int,
    tied: bool,
    executable: int | None,
    script: bool,
    confinement: dict[str, Any] | None = None,
    variables: dict[str, str] | None = None,
    door: str = "",
    again: tuple[str, ...] = (),
) -> bytes:
    """Prepare this process, fork, and become the plugin in the fork; raises OSError if that fails.

    Returns the source of a script, which the caller runs; the guardian never returns. ``again`` is the command with
    which a wrapper starts this launcher for the rest.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    restore_signals(libc, _PYTHONS_OWN if script else ())
    _signal.pthread_sigmask(_signal.SIG_SETMASK, _signal.valid_signals())  # before the tie: a signal then waits
    if tied:
        tie_to_parent(libc, parent, _signal.SIGTERM)
    set_process(libc, _PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER")
    guardian = os.getpid()
    confined = Confined(confinement) if confinement is not None else None
    wrapper = confinement["wrapper"] if confinement is not None else []
    plugin = os.fork()
    if plugin != 0:
        if confined is not None:
            confined.serve()
        guard(libc, plugin, report, parent, executable, tied=tied, wrapped=bool(wrapper))
    tie_to_parent(libc, guardian, _signal.SIGKILL)
    os.setsid()
    tell(report, "pid", os.getpid())
    os.umask(0o077)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    if door:
        with open(door, "wb", buffering=0) as file:
            file.write(b"0")  # itself
    if confined is not None and wrapper:
        confined.enter(libc, [*wrapper, *again], [report] if executable is None else [report, executable])
    if confined is not None:
        # A change of the user removes the tie.
        confined.confine(libc, lambda: tie_to_parent(libc, guardian, _signal.SIGKILL))
    return become(argv, executable, script=script, variables=variables)


def inside(
    argv: list[str],
    *,
    executable: int | None,
    script: bool,
    confinement: dict[str, Any],
    variables: dict[str, str] | None,
) -> bytes:
    """Do the rest of a launch, in the process that a wrapper has started."""
    libc = ctypes.CDLL(None, use_errno=True)
    restore_signals(libc, _PYTHONS_OWN if script else ())
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    Confined(confinement).confine(libc, lambda: None)
    return become(argv, executable, script=script, variables=variables)


def become(argv: list[str], executable: int | None, *, script: bool, variables: dict[str, str] | None) -> bytes:
    """Execute the plugin, or return the source of a script."""
    os.environ.update(variables or {})
    os.environ[_STDOUT] = f"{os.getpid()}"
    if not script:
        if executable is not None:
            os.set_inheritable(executable, False)
        os.execve(argv[0] if executable is None else executable, argv, os.environ)  # noqa: S606 - a shell is what must not be there
    with open(argv[0], "rb") as file:
        return file.read()


def parse(text: str) -> Any:
    """The value of a JSON document."""
    return _json.make_scanner(Reading())(text, 0)[0]  # type: ignore[arg-type]  # what ``json`` gives it is no scanner either


def zygote(control: int, parent: int, user_site: str, names: list[str]) -> dict[str, Any]:
    """Become a zygote; returns the plan of a launch in each fork. Raises OSError."""
    tie_to_parent(ctypes.CDLL(None, use_errno=True), parent, _signal.SIGKILL)
    module, scripting = beside("zygote"), beside("scripting")
    scripting.add_packages(user_site)
    for name in ("confining", "connecting", "guarding"):
        beside(name)
    plan: dict[str, Any] = module.serve(control, names, parse)
    return plan


def main(arguments: list[str]) -> int:
    """Launch. Returns the exit status of a failed launch, or of a script that has ended."""
    forked = arguments[0] == ZYGOTE
    wrapped = arguments[0] == INSIDE
    text, *argv = arguments[wrapped or forked :]
    plan = zygote(**parse(text)) if forked else parse(text)
    argv = plan.pop("argv", argv)
    report, user_site = plan["report"], plan.pop("user_site")
    os.set_inheritable(report, False)
    scripting: Any = beside("scripting") if plan["script"] else None  # before the plugin's rights are dropped
    again = (*sys.orig_argv[: -len(sys.argv)], sys.argv[0], INSIDE, *arguments)
    try:
        if wrapped:
            kept = ("executable", "script", "confinement", "variables")
            source = inside(argv, **{name: plan[name] for name in kept})
        else:
            source = launch(argv, again=again, **plan)
    except (OSError, ValueError) as error:
        tell(report, "error", f"{argv[0]}: {getattr(error, 'strerror', None) or error}")
        return FAILED
    os.close(report)
    os.environ[_STDOUT] += scripting.keep_stdout(source)
    if forked:
        sys.modules["viewra.sdk.announce"].take()
    else:
        scripting.add_packages(user_site)
    scripting.run(argv[0], source)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
