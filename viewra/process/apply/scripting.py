"""Runs a Python plugin in the launcher's interpreter, because a second interpreter would take its time to start."""

from __future__ import annotations

import os
import sys

_IMPORTS = (b"from viewra.sdk", b"import viewra.sdk", b"from viewra import sdk")
_LOWEST_KEPT = 10  # of the descriptors: a closed stdin must not become stdout


def imports_sdk(source: bytes) -> bool:
    """Whether a script imports the SDK itself."""
    for line in source.splitlines():  # noqa: SIM110 - a generator is one more function for each line
        if line.lstrip().startswith(_IMPORTS):
            return True
    return False


def keep_stdout(source: bytes) -> str:
    """Keep stdout for the handshake line of a script that imports the SDK; until the SDK gives it back it is stderr.

    Returns a space and the number of the kept descriptor, "" if stdout stays. A script without the SDK has to write its
    handshake line itself.
    """
    if not imports_sdk(source):
        return ""
    import fcntl

    try:
        kept = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, _LOWEST_KEPT)
        os.dup2(2, 1)
    except OSError:  # one of them is closed
        return ""
    return f" {kept}"


def add_packages(user_site: str) -> None:
    """Add the site packages, without which this interpreter started: their .pth files can run code."""
    import site

    site.main()
    if user_site:
        site.addsitedir(user_site)


def run(path: str, source: bytes) -> None:
    """Become a Python plugin in this interpreter."""
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
