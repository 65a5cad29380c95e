"""Attacks that docs/security.md promises to stop, tried by a plugin in a sandbox and, as a control, outside of it.

A host runs as root, with users of their own for plugins, and as an ordinary user, with none.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from viewra.process.sandbox.machine import machine

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-")]

HERE = Path(__file__).parent / "sandbox"
SOURCE = (HERE / "attacker" / "main.py").read_text()
ATTACKS = re.findall(r'yield "([^"]+)"', SOURCE.partition("def allowed")[0])
ALLOWED = re.findall(r'yield "([^"]+)"', SOURCE.partition("def allowed")[2])
USERS = ("root", "ordinary")
NOBODY = 65534

# What a control run cannot show, and why.
NOT_EVERYWHERE = {
    "set an attribute": "the file system may have no attributes of users",
    "set flags of a file of its own": "the file system may have no flags",
    "start a ring of io_uring": "a kernel or container may have turned it off",
    "trace a process": "Yama forbids it to all but ancestors",
    "connect by MPTCP": "a kernel may have been built without it",
    "connect by TCP fast open": "a kernel may have turned it off",
    "raise its own limits": "only root can",
    "allocate 2 GB": "the machine may not have them",
    "write a file of 3 GB": "the disk may not have them",
    "link a file into its own folder": "the folders may be of different file systems",
    "move a file in": "the folders may be of different file systems",
    "inherit an environment variable": "the launcher never hands it on",
    "inherit an open file": "the launcher never hands it on",
    "write viewra's packages": "an ordinary user cannot",
    "open the host's memory": "Yama forbids it to all but ancestors",
}


@functools.cache
def table(user: str, sandbox: str) -> dict[str, tuple[str, str]]:
    """What came of each attack."""
    if user == "root" and os.geteuid() != 0:
        pytest.skip("only root has users of their own for plugins")
    command = [sys.executable, str(HERE / "host.py")]
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
    try:
        environment = {**os.environ, "XDG_RUNTIME_DIR": ""}
        done = subprocess.run(
            [*command, str(scratch), sandbox], capture_output=True, text=True, timeout=120, env=environment
        )
        assert done.returncode == 0, done.stderr[-3000:]
        answer = json.loads(done.stdout.splitlines()[-1])
        return {name: (kind, result) for name, (kind, result) in answer.items()}
    finally:
        shutil.rmtree(scratch)


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_fails(user: str, attack: str) -> None:
    kind, result = table(user, "auto")[attack]
    assert kind == "attack"
    assert result != "done"
    assert "Error" in result


@pytest.mark.parametrize("attack", sorted(set(ATTACKS) - set(NOT_EVERYWHERE)))
def test_it_succeeds_outside(attack: str) -> None:
    user = "root" if os.geteuid() == 0 else "ordinary"
    assert table(user, "off")[attack] == ("attack", "done")


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_works(user: str, name: str) -> None:
    assert table(user, "auto")[name] == ("allowed", "done")
