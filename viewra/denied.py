"""Says which permission a plugin lacks, where its sandbox refused what it tried: the kernel names none."""

from __future__ import annotations

import errno
import os
from pathlib import PurePath

from viewra.text import encodable, reason

CONFINED = "VIEWRA_CONFINED"
"""The variable that tells a confined plugin its id and, after it, what it was granted, as in ``filesystem:read``."""
_DEEPEST = 20  # causes of an error that are looked at
_REFUSED = (errno.EACCES, errno.EPERM)  # by Landlock, and by seccomp or the guardian
_FORKS = {"fork", "forkpty", "posix_spawn", "posix_spawnp"}


def explained(error: BaseException) -> str:
    """What an exception says, with what to do about it if a sandbox refused something; it can be sent.

    An author's text may have a file name in it that is not UTF-8.
    """
    remedy = advice(error)
    return encodable(f"{reason(error)}: {remedy}" if remedy else reason(error))


def advice(error: BaseException) -> str:
    """What to do about a refusal by the sandbox, as a clause to follow its message; "" where it was none."""
    plugin_id, *granted = os.environ.get(CONFINED, "").split() or [""]
    refused = _refusal(error)
    if not plugin_id or refused is None:
        return ""
    needed = _needed(refused)
    if not needed:
        return "no plugin may do that in its sandbox"
    lacking = [one for one in needed if one not in granted]
    if needed[0] in granted or "filesystem:write" in set(needed).intersection(granted):
        unless = f", unless it needs {lacking[0]}" if lacking == ["filesystem:write"] else ""
        return f"outside of what it was granted{unless}: see viewra plugins info {plugin_id}"
    return (
        f"its sandbox needs {' or '.join(lacking)}: ask for that in plugin.cue (permissions), "
        f"then viewra plugins grant {plugin_id} {lacking[0]}"
    )


def _refusal(error: BaseException) -> OSError | None:
    """The error of the system call, if ``error`` is that or comes from it."""
    one: BaseException | None = error
    for _ in range(_DEEPEST):
        if isinstance(one, OSError) and one.errno in _REFUSED:
            return one
        reason = getattr(one, "reason", None)  # where ``urllib`` keeps it
        one = reason if isinstance(reason, BaseException) else one and (one.__cause__ or one.__context__)
    return None


def _needed(refused: OSError) -> tuple[str, ...]:
    """The permissions of which one would have allowed it, the least first; none where nothing does."""
    file, names = _where(refused)
    by_landlock = refused.errno == errno.EACCES
    if file == "subprocess.py" or not names.isdisjoint(_FORKS):
        return () if by_landlock else ("process:spawn",)  # Landlock: the program is none of the system's
    if refused.filename is not None:  # modes, owners, times and attributes are seccomp's, whatever was granted
        return ("filesystem:read", "filesystem:write") if by_landlock else ()
    return ("network:listen",) if by_landlock else ("network:external", "network:listen")


def _where(error: BaseException) -> tuple[str, frozenset[str]]:
    """The name of the file whose code got the error, and the names in that code."""
    trace = error.__traceback__
    if trace is None:
        return "", frozenset()
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return PurePath(code.co_filename).name, frozenset(code.co_names)
