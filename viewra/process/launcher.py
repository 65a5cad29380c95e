"""Starts a plugin: becomes its guardian (the plugin's parent process), and in a fork becomes the plugin.

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

FAILED = 126
"""The exit status after a launch that failed."""

_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 1, 15, 36  # Linux's numbers
_LAST_SIGNAL = 64
_PYTHONS_OWN = (_signal.SIGINT, _signal.SIGPIPE, _signal.SIGXFSZ)  # an interpreter handles these itself
_RT_SIGACTION = {"x86_64": 13, "aarch64": 134}  # the system call's number in a process of 64 bits, by machine
_SIGACTION_BYTES = 32  # Linux's struct sigaction there: handler, flags, restorer and mask, of 8 bytes each
_MASK_BYTES = 8
_IGNORED = (1).to_bytes(8, sys.byteorder)  # SIG_IGN as a handler
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 1.0  # between two attempts to end processes that do not end


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
        raise OSError("the host has ended")


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


class Guard:
    """The guardian: blocks every signal and lives until all of the plugin's processes have ended.

    As a subreaper it becomes the parent of every process that the plugin leaves, also in sessions of their own. It is
    neither in the plugin's process group nor in the terminal's, so signals for those do not reach it.
    """

    def __init__(self, plugin: int, report: int, parent: int, *, tied: bool) -> None:
        self._plugin = plugin
        self._report = report
        self._parent = parent
        self._tied = tied
        self._ended = False

    def run(self) -> None:
        """Wait for the end of the plugin or the host, or for the host's request; then end the remaining processes."""
        while self._reap() and not self._ended and not self._must_end(_signal.sigwaitinfo(_signal.valid_signals())):
            pass
        pause_s = _FIRST_PAUSE_S
        while self._reap():
            for pid in children(os.getpid()):
                try:  # noqa: SIM105 - as above
                    os.kill(pid, _signal.SIGKILL)
                except PermissionError:  # it runs as another user now, so it cannot be killed: wait for it
                    pass
            _signal.sigtimedwait((_signal.SIGCHLD,), pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        tell(self._report, "done")

    def _must_end(self, signal: _signal.struct_siginfo) -> bool:
        """Whether the host requests the end, or its thread has ended: the kernel tells the sender of a SIGTERM."""
        asked: bool = signal.si_signo == _signal.SIGTERM and signal.si_pid == self._parent
        return asked or (self._tied and os.getppid() != self._parent)

    def _reap(self) -> bool:
        """Reap all children that have ended. Returns whether others are left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._plugin and not self._ended:
                self._ended = True
                tell(self._report, "exit", os.waitstatus_to_exitcode(status))


def children(parent: int) -> list[int]:
    """The child processes of ``parent``; reads each ``/proc`` entry, since few kernels list them."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb", buffering=0) as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:  # the process has ended
                continue
            if fields and int(fields[1]) == parent:
                found.append(int(name))
    return found


def beside(name: str) -> Any:
    """Load a module of the folder ``apply``, in such a way that neither the plugin can replace it nor sees it."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib takes its time
    sys.path.insert(0, f"{here}/apply")
    try:
        return __import__(name)
    finally:
        del sys.path[0]
        sys.modules.pop(name, None)


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


def guard(libc: ctypes.CDLL, guardian: Guard, executable: int | None) -> None:
    """Close everything that belongs to the plugin, and guard it. Never returns."""
    try:
        libc.prctl(_PR_SET_NAME, b"viewra-guardian", 0, 0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(nothing, descriptor)
        os.close(nothing)
        if executable is not None:
            os.close(executable)
        os.chdir("/")
        guardian.run()
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
) -> bytes:
    """Prepare this process, fork, and become the plugin in the fork; raises OSError if that fails.

    Returns the source of a script, which the caller runs; the guardian never returns.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    restore_signals(libc, _PYTHONS_OWN if script else ())
    _signal.pthread_sigmask(_signal.SIG_SETMASK, _signal.valid_signals())  # before the tie: a signal then waits
    if tied:
        tie_to_parent(libc, parent, _signal.SIGTERM)
    set_process(libc, _PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER")
    guardian = os.getpid()
    confined = Confined(confinement) if confinement is not None else None
    plugin = os.fork()
    if plugin != 0:
        if confined is not None:
            confined.serve()
        guard(libc, Guard(plugin, report, parent, tied=tied), executable)
    tie_to_parent(libc, guardian, _signal.SIGKILL)
    os.setsid()
    tell(report, "pid", os.getpid())
    os.umask(0o077)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    if confined is not None:
        # A change of the user removes the tie.
        confined.confine(libc, lambda: tie_to_parent(libc, guardian, _signal.SIGKILL))
    os.environ.update(variables or {})
    if not script:
        if executable is not None:
            os.set_inheritable(executable, False)
        os.execve(argv[0] if executable is None else executable, argv, os.environ)  # noqa: S606 - a shell is what must not be there
    with open(argv[0], "rb") as file:
        return file.read()


def run_script(path: str, source: bytes, user_site: str) -> None:
    """Become a Python plugin in this interpreter, which started without site packages: they are added only now."""
    import site  # after the preparations, since .pth files can run code

    site.main()
    if user_site:
        site.addsitedir(user_site)
    module = type(sys)("__main__")
    module.__file__ = path
    sys.modules["__main__"] = module
    sys.argv[:] = [path]
    sys.path.insert(0, os.path.dirname(path))  # noqa: PTH120 - pathlib takes its time
    try:
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - running the plugin is the purpose
    except Exception as error:
        trace = error.__traceback__
        # Skip the launcher's own frame.
        own = error.with_traceback(trace.tb_next if trace is not None else None)
        sys.excepthook(type(own), own, own.__traceback__)
        sys.exit(1)


def main(arguments: list[str]) -> int:
    """Launch. Returns the exit status of a failed launch, or of a script that has ended."""
    text, *argv = arguments
    plan, _ = _json.make_scanner(Reading())(text, 0)  # type: ignore[arg-type]  # what ``json`` gives it is no scanner either
    report, user_site = plan["report"], plan.pop("user_site")
    os.set_inheritable(report, False)
    try:
        source = launch(argv, **plan)
    except (OSError, ValueError) as error:
        tell(report, "error", f"{argv[0]}: {getattr(error, 'strerror', None) or error}")
        return FAILED
    os.close(report)
    run_script(argv[0], source, user_site)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
