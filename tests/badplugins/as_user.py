"""Runs a program of a test as root or as an ordinary user, with a folder of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests import forking

USERS = ("root", "ordinary")
NOBODY = 65534


def answer_of(user: str, script: Path, *arguments: str) -> str:
    """The last line that a Python script prints; FOLDER among its arguments is the path of a new empty folder.

    The script runs in a fork of a process that has imported viewra (``tests/forking.py``).
    """
    if user == "root" and os.geteuid() != 0:
        pytest.skip("only root has users of their own for plugins")
    prefix: tuple[str, ...] = ()
    scratch = Path(tempfile.mkdtemp(prefix="vs"))
    if user == "ordinary" and os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("there is no setpriv to become an ordinary user by")
        # The right to read is kept: the interpreter may be where only root can enter.
        only = "-all,+dac_read_search"
        ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        caps = [f"--inh-caps={only}", f"--ambient-caps={only}", f"--bounding-set={only}"]
        prefix = ("setpriv", *ids, *caps)
        os.chown(scratch, NOBODY, NOBODY)
    scratch.chmod(0o755)  # a plugin's own user has to pass
    try:
        given = [str(scratch) if one == "FOLDER" else one for one in arguments]
        started = forking.server(prefix).start(
            [str(script), *given],
            code=_RUN,
            stdin=forking.DEVNULL,
            stdout=forking.PIPE,
            stderr=forking.PIPE,
            env={**os.environ, "XDG_RUNTIME_DIR": ""},
        )
        with started as process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err[-3000:]
        return out.splitlines()[-1]
    finally:
        shutil.rmtree(scratch)


_RUN = """
import runpy, sys
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""
