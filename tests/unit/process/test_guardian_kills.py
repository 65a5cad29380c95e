"""The guardian under fork bombs, stalled launchers and false messages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from tests.unit.process.conftest import Lines, Start
from tests.unit.process.programs import READY, WAIT
from viewra.errors import HandshakeError
from viewra.process import MARK, Child, LaunchPlan, Spawner, guardian, plugin_environment, spawn
from viewra.process.apply.guarding import children
from viewra.process.guardian import Guardian
from viewra.process.leftovers import end_marked

pytestmark = pytest.mark.process


def test_a_fork_bomb_is_ended(start: Start, lines: Lines) -> None:
    bomb = """
        import os, signal
        for depth in range(7):
            if os.fork() == 0:
                os.setsid()
        os.write(1, b"forked\\n")
        while True: signal.pause()
    """
    child = start(textwrap.dedent(bomb))
    lines.wait_for(lambda: sum(text == "forked" for _, text in lines.heard) == 2**7)
    mark = psutil.Process(child.pid).environ()[MARK]
    assert sum(_has(process, mark) for process in psutil.process_iter()) == 2**7 + 1
    child.kill()
    assert child.returncode == -signal.SIGKILL
    assert not any(_has(process, mark) for process in psutil.process_iter())


def test_a_chain_of_forks_is_ended(start: Start) -> None:
    """Each of its processes lives for less than a millisecond, in a session of its own."""
    chain = """
        import os, signal
        fork, end, leave = os.fork, os._exit, os.setsid
        if fork():
            while True: signal.pause()
        os.closerange(0, 3)
        while True:
            if fork(): end(0)
            leave()
    """
    child = start(READY + textwrap.dedent(chain))
    child.handshake_line(30)
    mark = psutil.Process(child.pid).environ()[MARK]
    child.kill()
    assert child.returncode == -signal.SIGKILL
    assert not any(_has(process, mark) for process in psutil.process_iter())


def _has(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(MARK) == mark
    except psutil.Error:
        return False


def test_output_that_somebody_else_holds_open_does_not_hold_up_the_end(start: Start, lines: Lines) -> None:
    child = start(READY + "import sys; sys.stdin.read(); import signal; signal.pause()")
    child.handshake_line(30)
    held = os.open(f"/proc/{child.pid}/fd/2", os.O_WRONLY)
    try:
        child.kill()
        assert child.returncode == -signal.SIGKILL
    finally:
        os.close(held)


def test_what_ends_at_once_is_told_rightly(start: Start) -> None:
    """Also when its guardian is gone before the host has looked at either."""
    for _ in range(20):
        child = start("", argv=("/bin/false",))
        assert child.wait(60) == 1


def test_a_spawner_that_closes_ends_what_is_only_starting(lines: Lines, tmp_path: Path) -> None:
    spawner = Spawner()
    spawned: list[Child] = []
    gate, script, interpreter = tmp_path / "gate", tmp_path / "main.py", tmp_path / "python"
    os.mkfifo(gate)
    script.write_text(WAIT)
    interpreter.write_text(f'#!/bin/sh\nread _ < {gate}\nexec {sys.executable} "$@"\n')
    interpreter.chmod(0o700)

    def spawn() -> None:
        spawned.append(
            spawner.launch(
                LaunchPlan(
                    (
                        str(interpreter),
                        str(script),
                    ),
                    {},
                    script=True,
                ),
                on_line=lines.on_line,
            )
        )

    threads = [threading.Thread(target=target) for target in (spawn, spawner.close)]
    threads[0].start()
    with open(gate, "w") as opened:  # waits until it is read: the process has started
        threads[1].start()
        threads[1].join(0.2)  # a thread that ended now would take no process along
        opened.write("\n")
    for thread in threads:
        thread.join(60)
    assert [child.wait(60) for child in spawned] == [-signal.SIGKILL]


@pytest.mark.parametrize(
    ("script", "says"), [("exit 3", "its launcher ended"), ("sleep 60", "reported nothing within 0.2 s")]
)
def test_a_launcher_that_does_not_answer(
    spawner: Spawner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, says: str
) -> None:
    monkeypatch.setattr(guardian, "_LAUNCH_S", 0.2 if "sleep" in script else 30)
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\n{script}\n")
    interpreter.chmod(0o700)
    with pytest.raises(HandshakeError, match=says) as caught:
        spawner.launch(
            LaunchPlan(
                (
                    str(interpreter),
                    "main.py",
                ),
                {},
                script=True,
            ),
            on_line=lambda stream, text: None,
        )
    assert caught.value.step == "spawn"
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.fixture
def reported() -> Iterator[Callable[[bytes], Guardian]]:
    """A guardian that has reported something; its process is no guardian, and has ended."""
    process = subprocess.Popen(["/bin/true"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    reading, writing = os.pipe()
    found = Guardian(process, open(reading, "rb", buffering=0), "none")  # noqa: SIM115 - it closes it

    def report(data: bytes) -> Guardian:
        os.write(writing, data)
        found.read()
        return found

    yield report
    os.close(writing)
    found.abandon()


def test_only_the_first_word_counts(reported: Callable[[bytes], Guardian]) -> None:
    """What a plugin could write there by way of ``/proc`` must not turn the host against another process."""
    assert reported(b"pid 12\npid 1\npi").plugin == 12
    assert reported(b"d 1\nexit x\nerror a b\nexit -11\nexit 0\n").status == -11
    assert reported(b"\n").launch_error == "a b"


def test_a_pid_that_is_no_child_of_the_guardian_is_no_plugin(reported: Callable[[bytes], Guardian]) -> None:
    assert reported(f"pid {os.getpid()}\n".encode()).open_plugin() is None


def test_children_are_found() -> None:
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as process:
        assert process.pid in children(os.getpid())
        process.communicate()
    assert process.pid not in children(os.getpid())


def test_only_what_has_the_mark_is_ended() -> None:
    processes = {mark: subprocess.Popen(["/bin/sleep", "60"], env={MARK: mark}) for mark in ("7-a", "7-ab", "7-b")}
    end_marked("7-a")
    assert processes["7-a"].wait(60) == -signal.SIGKILL
    for mark in ("7-ab", "7-b"):
        assert processes[mark].poll() is None
        processes[mark].kill()
        processes[mark].wait(60)


def test_a_start_that_does_not_come_about_is_given_up_and_ended_if_it_comes_later(
    spawner: Spawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_begin = threading.Event()
    made: list[Guardian] = []

    def launch(plan: LaunchPlan, document: dict[str, object]) -> Guardian:
        assert may_begin.wait(60)
        made.append(original(plan, document))
        return made[-1]

    original = spawn._launch
    monkeypatch.setattr(spawn, "_launch", launch)
    with monkeypatch.context() as patched:
        patched.setattr(spawn, "_START_S", 0.01)
        with pytest.raises(HandshakeError, match=r"was not started within 0\.01 s"):
            spawner.launch(LaunchPlan((sys.executable, "-c", WAIT), plugin_environment({})), on_line=lambda *_: None)
    may_begin.set()
    eventually(lambda: made and made[0].process.returncode is not None, "its guardian still runs")
