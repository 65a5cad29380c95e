"""Runs between the host and a plugin, in the plugin's process: ties it to the host's life, then becomes the plugin.

A script of the standard library alone, started as ``python -I -S launcher.py name=value … -- argv…``; the plugin gets
the launcher's environment, folder, stdin, stdout and stderr. ``parent`` is the host's process id, ``report`` an open
descriptor that tells the host why the launch failed: it stays empty and closes when the plugin has been executed.
``executable``, if given, is an open descriptor of the program, which is then executed instead of the path in argv.
With ``script`` the plugin is a Python file, which this interpreter then runs itself: a second one would take its time.
"""

from __future__ import annotations

import ctypes
import os
import sys

FAILED = 126
"""The exit status after a launch that failed."""

# Linux's numbers: importing ``signal`` for them would take a third of the launcher's time.
_PR_SET_PDEATHSIG = 1
_SIGKILL, _LAST_SIGNAL = 9, 64
_PYTHONS_OWN = (2, 13, 25)  # SIGINT, SIGPIPE, SIGXFSZ: what an interpreter sets up for itself
_SIG_DFL = None
_SIG_SETMASK = 2
_SIGSET_BYTES = 128


def tie_to_parent(libc: ctypes.CDLL, parent: int) -> None:
    """Have the kernel kill this process when the host's spawning thread ends; raises OSError if it cannot.

    The tie survives the exec. A host that died before the tie was made is noticed by the changed parent.
    """
    if libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        raise OSError("the host has ended")


def restore_signals(libc: ctypes.CDLL, keep: tuple[int, ...] = ()) -> None:
    """Let every signal do what it does by default.

    A plugin would inherit what is ignored or blocked: SIGPIPE by this interpreter, SIGINT by a shell that started the
    host in the background, SIGTERM by a host that blocks it in its threads.
    """
    for number in set(range(1, _LAST_SIGNAL + 1)).difference(keep):
        libc.signal(number, _SIG_DFL)  # fails for the few that cannot be changed, which is fine
    libc.sigprocmask(_SIG_SETMASK, bytes(_SIGSET_BYTES), None)


def launch(options: dict[str, str], argv: list[str], report: int) -> None:
    """Prepare this process and become the plugin; raises OSError when it cannot, returns when a script has ended."""
    libc = ctypes.CDLL(None, use_errno=True)
    if "parent" in options:
        tie_to_parent(libc, int(options["parent"]))
    os.umask(0o077)
    restore_signals(libc, _PYTHONS_OWN if "script" in options else ())
    if "script" in options:
        run_script(argv[0], options.get("user_site", ""), report)
        return
    program: str | int = argv[0]
    if "executable" in options:
        program = int(options["executable"])
        os.set_inheritable(program, False)
    os.execve(program, argv, os.environ)  # noqa: S606 - a shell is what must not be there


def run_script(path: str, user_site: str, report: int) -> None:
    """Become a Python plugin within this interpreter, which started without its site packages: they come only now."""
    import site  # after the preparations: what a .pth file does, the plugin does

    site.main()
    if user_site:
        site.addsitedir(user_site)
    with open(path, "rb") as file:
        source = file.read()
    os.close(report)
    module = type(sys)("__main__")
    module.__file__ = path
    sys.modules["__main__"] = module
    sys.argv[:] = [path]
    sys.path.insert(0, os.path.dirname(path))  # noqa: PTH120 - pathlib takes its time
    try:
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - running the plugin is the purpose
    except Exception as error:
        trace = error.__traceback__
        own = error.with_traceback(trace.tb_next if trace is not None else None)  # from the plugin's own line on
        sys.excepthook(type(own), own, own.__traceback__)
        sys.exit(1)


def main(arguments: list[str]) -> int:
    """Launch; the exit status is that of a failed launch."""
    end = arguments.index("--")
    options = dict(argument.split("=", 1) for argument in arguments[:end])
    argv = arguments[end + 1 :]
    report = int(options["report"])
    os.set_inheritable(report, False)
    try:
        launch(options, argv, report)
        return 0  # a script has ended
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        os.write(report, f"{argv[0]}: {reason}".encode("utf-8", "backslashreplace"))
    return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
