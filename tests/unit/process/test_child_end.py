"""Real processes: how they are stopped, what dies with them, and that they die with the host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.unit.process.conftest import Lines, Start
from tests.unit.process.programs import READY, STUBBORN, WAIT, wait_gone, wait_stopped
from viewra.errors import HandshakeError
from viewra.process import LaunchPlan, Spawner, start_time

pytestmark = pytest.mark.process


def test_the_ladder_ends_at_the_first_step_that_works(start: Start) -> None:
    child = start(READY + "import sys; sys.stdin.read(); import signal; signal.pause()")
    child.handshake_line(30)
    assert child.stop(lambda: os.kill(child.pid, signal.SIGINT), grace_s=30) == "graceful"
    assert child.stop() == "ended"
    child = start(WAIT)
    child.handshake_line(30)
    assert child.stop(lambda: 1 / 0, grace_s=0.01, term_s=30) == "term"
    assert child.describe_exit() == "SIGTERM"
    child = start(STUBBORN)
    child.handshake_line(30)
    assert child.stop(grace_s=0.01, term_s=0.01) == "kill"
    assert child.returncode == -signal.SIGKILL
    assert not child.signal(signal.SIGTERM)


def test_a_stopped_process_is_ended_too(start: Start) -> None:
    child = start(WAIT)
    child.handshake_line(30)
    child.signal(signal.SIGSTOP)
    wait_stopped(child.pid)
    assert child.stop(term_s=0.01) == "kill"


def test_what_a_process_left_in_its_group_dies_with_it(start: Start, lines: Lines) -> None:
    child = start(
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\nprint('pid', p.pid, flush=True)"
    )
    lines.wait_line("pid")
    assert child.wait(60) == 0
    wait_gone(int(lines.heard[0][1].split()[1]))


def test_a_running_process_has_no_return_code(start: Start) -> None:
    child = start(WAIT)
    child.handshake_line(30)
    assert child.wait(0.01) is None
    assert (child.returncode, child.describe_exit()) == (None, "running")


def test_the_start_time_names_a_process(start: Start) -> None:
    child = start(WAIT)
    assert child.started is not None
    assert child.started == start_time(child.pid)
    own = start_time(os.getpid())
    assert own is not None
    assert own <= child.started
    child.kill()
    assert start_time(child.pid) is None


def test_closing_the_spawner_ends_its_children(lines: Lines) -> None:
    spawner = Spawner()
    child = spawner.launch(
        LaunchPlan(
            (
                sys.executable,
                "-c",
                STUBBORN,
            ),
            {},
        ),
        on_line=lines.on_line,
    )
    child.handshake_line(30)
    spawner.close()
    assert child.wait(60) == -signal.SIGKILL
    spawner.close()
    with pytest.raises(HandshakeError, match="closing"):
        spawner.launch(LaunchPlan(("/bin/true",), {}), on_line=lines.on_line)


HOST = f"""
import sys
from viewra.process import LaunchPlan, Spawner
child = Spawner().launch(LaunchPlan((sys.executable, "-c", {STUBBORN!r}), {{}}), on_line=print)
child.handshake_line(30)
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, None])
def test_a_child_dies_with_the_host_however_the_host_dies(number: int | None) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        pid = int(host.stdout.readline())
        assert start_time(pid) is not None
        if number is not None:
            host.send_signal(number)
        else:
            assert host.stdin is not None
            host.stdin.close()
        host.wait(60)
    wait_gone(pid)
