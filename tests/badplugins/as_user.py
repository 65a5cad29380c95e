"""Runs a program of a test as root or as an ordinary user, with a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

USERS = ("root", "ordinary")
NOBODY = 65534


def answer_of(user: str, script: Path, *arguments: str) -> str:
    """The last line that a Python script prints; FOLDER among its arguments is the path of a new empty folder."""
    if user == "root" and os.geteuid() != 0:
        pytest.skip("only root has users of their own for plugins")
    command = [sys.executable, str(script)]
    scratch = Path(tempfile.mkdtemp(prefix="vs"))
    if user == "ordinary" and os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("there is no setpriv to become an ordinary user by")
        # The right to read is kept: the interpreter may be where only root can enter.
        only = "-all,+dac_read_search"
        ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        caps = [f"--inh-caps={only}", f"--ambient-caps={only}", f"--bounding-set={only}"]
        command = ["setpriv", *ids, *caps, *command]
        os.chown(scratch, NOBODY, NOBODY)
    scratch.chmod(0o755)  # a plugin's own user has to pass
    try:
        environment = {**os.environ, "XDG_RUNTIME_DIR": ""}
        given = [str(scratch) if one == "FOLDER" else one for one in arguments]
        done = subprocess.run([*command, *given], capture_output=True, text=True, timeout=120, env=environment)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.splitlines()[-1]
    finally:
        shutil.rmtree(scratch)
