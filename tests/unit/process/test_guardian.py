"""The guardian between the host and a process: what it ends, what it survives, what it reports."""

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
from viewra.errors import HandshakeError
from viewra.process import MARK, Child, LaunchPlan, Spawner, guardian, plugin_environment, spawn, start_time
from viewra.process.guardian import Guardian
from viewra.process.launcher import children
from viewra.process.leftovers import end_marked

pytestmark = pytest.mark.process

READY = "print('1|1|unix|/s|grpc|', flush=True)\n"
WAIT = READY + "import signal\nwhile True: signal.pause()\n"
ORPHAN = """
import os, signal
seen, say = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(2, b"orphan %d\\n" % os.getpid())
        os.write(say, b"!")
        while True: signal.pause()
    os._exit(0)
os.wait()
os.read(seen, 1)
"""
"""Leaves a process in a session of its own, whose parent has ended: nothing of the plugin's is known to have it."""


def wait_gone(pid: int) -> None:
    """Wait until a process has ended and was reaped."""
    eventually(lambda: not psutil.pid_exists(pid), f"{pid} is still there")


def orphan_of(lines: Lines) -> int:
    lines.wait_line("orphan")
    return next(int(text.split()[1]) for _, text in lines.heard if text.startswith("orphan"))


def guardian_of(child: Child) -> psutil.Process:
    found = psutil.Process(child.pid).parent()
    assert found is not None
    assert found.name() == "viewra-guardian"
    return found


def test_without_a_guardian_the_orphan_is_real() -> None:
    """The control of what follows."""
    argv = [sys.executable, "-c", ORPHAN]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        orphan = int(process.stderr.readline().split()[1])
        assert process.wait(30) == 0
        assert psutil.pid_exists(orphan)
        os.kill(orphan, signal.SIGKILL)
    wait_gone(orphan)


def test_an_orphan_ends_with_the_process_that_left_it(start: Start, lines: Lines) -> None:
    child = start(ORPHAN)
    assert child.wait(30) == 0
    assert not psutil.pid_exists(orphan_of(lines)), "it has ended before the end is told"


@pytest.mark.parametrize("how", ["kill", "stop", "close"])
def test_an_orphan_ends_with_the_word_of_the_host(spawner: Spawner, start: Start, lines: Lines, how: str) -> None:
    child = start(ORPHAN + WAIT)
    child.handshake_line(30)
    orphan = orphan_of(lines)
    parent = guardian_of(child)
    if how == "close":
        spawner.close()
    else:
        getattr(child, how)()
    assert child.wait(30) == (-signal.SIGTERM if how == "stop" else -signal.SIGKILL)
    assert not any(psutil.pid_exists(pid) for pid in (child.pid, orphan, parent.pid))


def test_an_orphan_that_ends_by_itself_leaves_no_zombie(start: Start, lines: Lines) -> None:
    child = start(ORPHAN + WAIT)
    child.handshake_line(30)
    orphan = orphan_of(lines)
    os.kill(orphan, signal.SIGKILL)
    wait_gone(orphan)
    assert child.wait(0) is None


HOST = """
import os, sys
from viewra.process import LaunchPlan, Spawner
def on_line(stream, text):
    os.write(1, text.encode() + b"\\n")
child = Spawner().launch(LaunchPlan((sys.executable, "-c", {code!r}), {{}}, tied={tied}), on_line=on_line)
child.handshake_line(30)
on_line("", f"plugin {{child.pid}}")
sys.stdin.read()
"""


def kill_a_host(code: str, *, tied: bool) -> tuple[int, int]:
    """Kill a host that runs such a process; gives the pids of the process and of its orphan."""
    argv = [sys.executable, "-c", HOST.format(code=code, tied=tied)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        said = dict(host.stdout.readline().split() for _ in range(2))
        host.kill()
    return int(said["plugin"]), int(said["orphan"])


def test_an_orphan_ends_with_a_host_that_is_killed() -> None:
    for pid in kill_a_host(ORPHAN + WAIT, tied=True):
        wait_gone(pid)


def test_what_is_not_tied_outlives_the_host_but_not_its_own_end() -> None:
    plugin, orphan = kill_a_host(ORPHAN + WAIT, tied=False)
    parent = psutil.Process(plugin).parent()
    assert parent is not None
    os.kill(parent.pid, signal.SIGTERM)  # no host of its own says so
    assert (parent.name(), psutil.pid_exists(orphan)) == ("viewra-guardian", True)
    os.kill(plugin, signal.SIGTERM)
    for pid in (plugin, orphan, parent.pid):
        wait_gone(pid)


def test_signals_for_the_group_do_not_end_it(start: Start) -> None:
    child = start("import signal\nfor n in (1, 2, 15): signal.signal(n, lambda *_: print('got', flush=True))\n" + WAIT)
    child.handshake_line(30)
    parent = guardian_of(child)
    for name in ("HUP", "INT", "QUIT", "PIPE", "TERM", "USR1", "SEGV"):  # from another process: TERM is the host's word
        subprocess.run(["/bin/kill", f"-{name}", str(parent.pid)], check=True)
    child.signal(signal.SIGTERM)
    assert child.wait(0.1) is None
    assert parent.is_running()
    assert os.getpgid(child.pid) == child.pid != os.getpgid(parent.pid)


def test_it_holds_nothing_of_the_process(start: Start, tmp_path: Path) -> None:
    child = start(WAIT, directory=tmp_path)
    child.handshake_line(30)
    parent = guardian_of(child)
    eventually(lambda: parent.cwd() == "/")
    opened = [str(path.readlink()) for path in Path(f"/proc/{parent.pid}/fd").iterdir()]
    assert sorted(name.partition(":")[0] for name in opened) == ["/dev/null"] * 3 + ["pipe"]
    assert parent.num_threads() == 1


def test_what_closes_its_stdout_is_noticed_while_it_runs(start: Start) -> None:
    child = start("import os, signal\nos.close(1)\nsignal.pause()")
    with pytest.raises(HandshakeError, match="closed its stdout"):
        child.handshake_line(30)


@pytest.mark.parametrize(
    ("code", "how"), [("raise SystemExit(3)", "exit status 3"), ("import os; os.kill(os.getpid(), 11)", "SIGSEGV")]
)
def test_the_end_that_is_told_is_the_processs_own(start: Start, code: str, how: str) -> None:
    child = start(code)
    child.wait(30)
    assert child.describe_exit() == how


def test_the_pid_is_the_processs_own(start: Start, lines: Lines) -> None:
    child = start("import os; print('pid', os.getpid(), flush=True)\n" + WAIT)
    lines.wait_line("pid")
    assert lines.heard == [("stdout", f"pid {child.pid}")]
    assert child.started == start_time(child.pid)


def test_a_stopped_guardian_holds_nothing_up(start: Start, lines: Lines) -> None:
    child = start(ORPHAN + WAIT)
    child.handshake_line(30)
    orphan, parent = orphan_of(lines), guardian_of(child)
    parent.suspend()
    assert child.stop(term_s=30) == "term"
    assert child.describe_exit() == "SIGTERM"
    assert not any(psutil.pid_exists(pid) for pid in (child.pid, orphan, parent.pid))


def test_a_guardian_that_cannot_go_on_is_killed(start: Start, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when somebody stops it again and again, or traces it."""
    monkeypatch.setattr("viewra.process.child.CLEAN_UP_S", 0.2)
    monkeypatch.setattr(Guardian, "wake", lambda self: None)
    child = start(ORPHAN + WAIT)
    child.handshake_line(30)
    orphan, parent = orphan_of(lines), guardian_of(child)
    parent.suspend()
    child.kill()
    assert child.returncode == -signal.SIGKILL
    for pid in (child.pid, orphan, parent.pid):
        wait_gone(pid)


def test_what_a_killed_guardian_guarded_is_ended(start: Start, lines: Lines) -> None:
    child = start(ORPHAN + WAIT)
    child.handshake_line(30)
    orphan = orphan_of(lines)
    guardian_of(child).kill()
    assert child.wait(30) == -signal.SIGKILL
    for pid in (child.pid, orphan):
        wait_gone(pid)


def test_the_end_of_a_process_whose_guardian_is_killed_is_made_sure(start: Start) -> None:
    """One that has undone its tie, and lost the mark."""
    child = start(
        "import ctypes, os, sys\nctypes.CDLL(None).prctl(1, 0)\n"
        f"os.execve(sys.executable, [sys.executable, '-c', {WAIT!r}], {{}})"
    )
    child.handshake_line(30)
    guardian_of(child).kill()
    assert child.wait(30) == -signal.SIGKILL
    wait_gone(child.pid)


def test_a_process_ends_with_its_guardian_when_no_host_is_there() -> None:
    plugin, orphan = kill_a_host(ORPHAN + WAIT, tied=False)
    parent = psutil.Process(plugin).parent()
    assert parent is not None
    parent.kill()
    wait_gone(plugin)
    os.kill(orphan, signal.SIGKILL)  # whom nobody knows any more
    wait_gone(orphan)


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
        assert child.wait(30) == 1


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
        thread.join(30)
    assert [child.wait(30) for child in spawned] == [-signal.SIGKILL]


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
    assert processes["7-a"].wait(30) == -signal.SIGKILL
    for mark in ("7-ab", "7-b"):
        assert processes[mark].poll() is None
        processes[mark].kill()
        processes[mark].wait(30)


def test_a_start_that_does_not_come_about_is_given_up_and_ended_if_it_comes_later(
    spawner: Spawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_begin = threading.Event()
    made: list[Guardian] = []

    def launch(plan: LaunchPlan) -> Guardian:
        assert may_begin.wait(30)
        made.append(original(plan))
        return made[-1]

    original = spawn._launch
    monkeypatch.setattr(spawn, "_launch", launch)
    with monkeypatch.context() as patched:
        patched.setattr(spawn, "_START_S", 0.01)
        with pytest.raises(HandshakeError, match=r"was not started within 0\.01 s"):
            spawner.launch(LaunchPlan((sys.executable, "-c", WAIT), plugin_environment({})), on_line=lambda *_: None)
    may_begin.set()
    eventually(lambda: made and made[0].process.returncode is not None, "its guardian still runs")
