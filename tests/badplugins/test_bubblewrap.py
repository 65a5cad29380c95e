"""A process within bubblewrap is stopped, killed and tied to its host like any other, and its end is reported."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from viewra.errors import HandshakeError
from viewra.process import LaunchPlan, Spawner, plugin_environment
from viewra.process.child import Child
from viewra.process.sandbox.bubblewrap import bubblewrap, wrapped
from viewra.process.sandbox.machine import machine
from viewra.process.sandbox.rules import Rules, confinement

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-"),
    pytest.mark.skipif(bool(bubblewrap().reason), reason=bubblewrap().reason or "-"),
]

CODE = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("told", flush=True), sys.exit(7)))
print("1|1|unix|/s|grpc", flush=True)
if "end" in os.environ:
    os.kill(os.getpid(), int(os.environ["end"]))
time.sleep(60)
"""
PYTHON = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]))


@pytest.fixture
def spawner() -> Iterator[Spawner]:
    one = Spawner()
    yield one
    one.close()


def launch(spawner: Spawner, folder: Path, lines: list[str], **variables: str) -> Child:
    script = folder / "code" / "main.py"
    script.parent.mkdir()
    script.write_text(CODE)
    plan = LaunchPlan(
        (sys.executable, str(script)),
        plugin_environment(variables),
        script=True,
        confinement=confinement(Rules(code=(str(script.parent), *PYTHON)), machine(), wrapped=True),
    )
    return spawner.launch(plan, on_line=lambda _, text: lines.append(text))


def test_it_is_told_to_end(tmp_path: Path, spawner: Spawner) -> None:
    lines: list[str] = []
    child = launch(spawner, tmp_path, lines)
    assert child.handshake_line(30) == "1|1|unix|/s|grpc"
    assert child.stop(term_s=20) == "term"
    assert child.describe_exit() == "exit status 7"
    assert lines[-1] == "told"


def test_its_end_by_a_signal_is_told_as_one(tmp_path: Path, spawner: Spawner) -> None:
    child = launch(spawner, tmp_path, [], end=str(int(signal.SIGKILL)))
    child.handshake_line(30)
    child.wait(60)
    assert child.describe_exit() == "SIGKILL"


def test_it_ends_with_its_guardian(tmp_path: Path, spawner: Spawner) -> None:
    child = launch(spawner, tmp_path, [])
    child.handshake_line(30)
    parent = int(Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(parent, signal.SIGKILL)
    child.wait(60)
    assert child.describe_exit() == "SIGKILL"


def test_what_cannot_be_executed_is_told(tmp_path: Path, spawner: Spawner) -> None:
    plan = LaunchPlan(
        (str(tmp_path / "absent"),),
        plugin_environment({}),
        confinement=confinement(Rules(code=PYTHON), machine(), wrapped=True),
    )
    child = spawner.launch(plan, on_line=lambda *_: None)
    with pytest.raises(HandshakeError, match="absent: No such file or directory"):
        child.handshake_line(30)


def test_links_on_the_way_are_made_and_the_widest_place_is_shown(tmp_path: Path) -> None:
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "far").symlink_to(tmp_path / "link" / "inner")
    real = str(tmp_path / "real")
    places = {f"{real}/inner": True, real: False, f"{real}/inner/below": False, "/dev/null": True}
    command = wrapped(places, [str(tmp_path / "far")], [], network=False)
    text = " ".join(command)
    assert f"--ro-bind-try {real} {real} --bind-try {real}/inner {real}/inner --symlink" in text
    assert f"--symlink {tmp_path}/link/inner {tmp_path}/far --symlink real {tmp_path}/link" in text
    assert "below" not in text
    assert "/dev/null" not in text
    assert "--unshare-net" in command
    assert "--unshare-net" not in wrapped(places, [], [], network=True)
