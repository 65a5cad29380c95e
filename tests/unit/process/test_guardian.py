"""The guardian between the host and a process: what it ends, what it survives, what it reports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from tests.unit.process.conftest import Lines, Start
from tests.unit.process.guarding import ORPHAN, guardian_of, kill_a_host, orphan_of, wait_reaped
from tests.unit.process.programs import WAIT
from viewra.errors import HandshakeError
from viewra.process import Spawner, start_time
from viewra.process.guardian import Guardian

pytestmark = pytest.mark.process


def test_without_a_guardian_the_orphan_is_real() -> None:
    """The control of what follows."""
    argv = [sys.executable, "-c", ORPHAN]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        orphan = int(process.stderr.readline().split()[1])
        assert process.wait(60) == 0
        assert psutil.pid_exists(orphan)
        os.kill(orphan, signal.SIGKILL)
    wait_reaped(orphan)


def test_an_orphan_ends_with_the_process_that_left_it(start: Start, lines: Lines) -> None:
    child = start(ORPHAN)
    assert child.wait(60) == 0
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
    assert child.wait(60) == (-signal.SIGTERM if how == "stop" else -signal.SIGKILL)
    assert not any(psutil.pid_exists(pid) for pid in (child.pid, orphan, parent.pid))


def test_an_orphan_that_ends_by_itself_leaves_no_zombie(start: Start, lines: Lines) -> None:
    child = start(ORPHAN + WAIT)
    child.handshake_line(30)
    orphan = orphan_of(lines)
    os.kill(orphan, signal.SIGKILL)
    wait_reaped(orphan)
    assert child.wait(0) is None


def test_an_orphan_ends_with_a_host_that_is_killed() -> None:
    for pid in kill_a_host(ORPHAN + WAIT, tied=True):
        wait_reaped(pid)


def test_what_is_not_tied_outlives_the_host_but_not_its_own_end() -> None:
    plugin, orphan = kill_a_host(ORPHAN + WAIT, tied=False)
    parent = psutil.Process(plugin).parent()
    assert parent is not None
    os.kill(parent.pid, signal.SIGTERM)  # no host of its own says so
    assert (parent.name(), psutil.pid_exists(orphan)) == ("viewra-guardian", True)
    os.kill(plugin, signal.SIGTERM)
    for pid in (plugin, orphan, parent.pid):
        wait_reaped(pid)


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
    child.wait(60)
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
        wait_reaped(pid)


def test_what_a_killed_guardian_guarded_is_ended(start: Start, lines: Lines) -> None:
    child = start(ORPHAN + WAIT)
    child.handshake_line(30)
    orphan = orphan_of(lines)
    guardian_of(child).kill()
    assert child.wait(60) == -signal.SIGKILL
    for pid in (child.pid, orphan):
        wait_reaped(pid)


def test_the_end_of_a_process_whose_guardian_is_killed_is_made_sure(start: Start) -> None:
    """One that has undone its tie, and lost the mark."""
    child = start(
        "import ctypes, os, sys\nctypes.CDLL(None).prctl(1, 0)\n"
        f"os.execve(sys.executable, [sys.executable, '-c', {WAIT!r}], {{}})"
    )
    child.handshake_line(30)
    guardian_of(child).kill()
    assert child.wait(60) == -signal.SIGKILL
    wait_reaped(child.pid)


def test_a_process_ends_with_its_guardian_when_no_host_is_there() -> None:
    plugin, orphan = kill_a_host(ORPHAN + WAIT, tied=False)
    parent = psutil.Process(plugin).parent()
    assert parent is not None
    parent.kill()
    wait_reaped(plugin)
    os.kill(orphan, signal.SIGKILL)  # whom nobody knows any more
    wait_reaped(orphan)
