"""Real processes: output, handshake, end, stopping, and death with the host."""

from __future__ import annotations

import os
import signal
import textwrap
import threading
from pathlib import Path

import pytest

from tests.unit.process.conftest import Lines, Start
from tests.unit.process.programs import READY, WAIT
from viewra.errors import HandshakeError
from viewra.process import LaunchPlan, Spawner

pytestmark = pytest.mark.process


def test_the_handshake_line_and_the_lines_around_it(start: Start, lines: Lines) -> None:
    child = start("print('hi'); " + READY + "import sys; print('after'); print('err', file=sys.stderr)")
    assert child.handshake_line(30) == "1|1|unix|/s|grpc|"
    assert child.wait(60) == 0
    assert sorted(lines.heard) == [("stderr", "err"), ("stdout", "after"), ("stdout", "hi")]
    assert child.describe_exit() == "exit status 0"
    assert child.output.last() == ("hi", "after", "err")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys; print('oops', file=sys.stderr); sys.exit(3)", "exit status 3 before it printed a handshake"),
        ("import os; print('oops'); os.kill(os.getpid(), 11)", "SIGSEGV before it printed a handshake"),
        ("raise SystemExit('oops')", "exit status 1"),
        ("import os, time; print('oops', flush=True); os.close(1); time.sleep(60)", "closed its stdout"),
    ],
)
def test_an_end_before_the_handshake_is_told_with_the_last_output(start: Start, code: str, says: str) -> None:
    with pytest.raises(HandshakeError, match=says) as caught:
        start(code).handshake_line(30)
    assert caught.value.step == "handshake"
    assert caught.value.output == ("oops",)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("", "no handshake line within 0.1 s$"),
        ("print('garbage', flush=True)", "but 'garbage'"),
        ("print('1|1|un', end='', flush=True)", r"did not finish its line '1\|1\|un'"),
    ],
)
def test_silence_is_told_with_what_there_was(start: Start, lines: Lines, code: str, says: str) -> None:
    child = start(f"{code}\nimport sys, time; print('now', file=sys.stderr); time.sleep(60)")
    lines.wait_line("now")
    with pytest.raises(HandshakeError, match=says) as caught:
        child.handshake_line(0.1)
    assert caught.value.output[-1] == "now"


def test_a_program_that_cannot_be_executed(spawner: Spawner, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    for path, why in ((tmp_path / "missing", "No such file"), (plain, "Permission denied")):
        child = spawner.launch(LaunchPlan((str(path),), {}), on_line=lambda stream, text: None)
        with pytest.raises(HandshakeError, match=why) as caught:
            child.handshake_line(30)
        assert caught.value.step == "spawn"
        assert str(path) in str(caught.value)
        assert child.wait(60) == 126


def test_a_folder_that_does_not_exist(start: Start, tmp_path: Path) -> None:
    with pytest.raises(HandshakeError, match="No such file") as caught:
        start("", directory=tmp_path / "missing")
    assert caught.value.step == "spawn"


@pytest.mark.parametrize(("call", "says"), [("pipe", "cannot be started"), ("pidfd_open", "cannot be watched")])
def test_without_descriptors_nothing_is_left(
    start: Start, monkeypatch: pytest.MonkeyPatch, call: str, says: str
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(HandshakeError, match=f"{says}: .*Too many open files") as caught:
        start(WAIT)
    assert caught.value.step == "spawn"
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_without_threads_nothing_is_left(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(HandshakeError, match="cannot be watched"):
            start(WAIT)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_the_process_has_only_what_it_was_given(
    start: Start, lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "s")
    code = """
        import os, signal
        print(sorted(os.environ) , os.getcwd(), os.umask(0), os.getsid(0) == os.getpid())
        print("fds", sorted(os.listdir("/proc/self/fd"))[:-1])
        status = open("/proc/self/status").read()
        print("ignored", int(status.split("SigIgn:")[1].split()[0], 16) & ~(1 << 12 | 1 << 24))
    """
    child = start(textwrap.dedent(code), env={"GIVEN": "1"}, directory=tmp_path)
    child.wait(60)
    first, descriptors, ignored = [text for _, text in lines.heard]
    assert "SECRET" not in first
    assert "'GIVEN'" in first
    assert first.endswith(f"{tmp_path} {0o077} True")
    assert descriptors == "fds ['0', '1', '2']"
    assert ignored == "ignored 0"


def test_the_hosts_stdin_is_not_the_plugins(start: Start, lines: Lines) -> None:
    ours, other = os.pipe()
    saved = os.dup(0)
    os.dup2(ours, 0)
    try:
        start("import os; print(os.readlink('/proc/self/fd/0'))").wait(60)
    finally:
        os.dup2(saved, 0)
        for descriptor in (saved, ours, other):
            os.close(descriptor)
    assert lines.heard == [("stdout", "/dev/null")]


def test_no_signal_is_ignored_or_blocked_by_inheritance(lines: Lines) -> None:
    """Not even what the host itself ignores or blocks: else SIGTERM would not end a plugin."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    spawner = Spawner()
    try:
        child = spawner.launch(
            LaunchPlan(
                (
                    "/bin/grep",
                    "-E",
                    "SigIgn|SigBlk",
                    "/proc/self/status",
                ),
                {},
            ),
            on_line=lines.on_line,
        )
        assert child.wait(60) == 0
    finally:
        spawner.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
    assert [int(text.split()[1], 16) for _, text in lines.heard] == [0, 0]


def test_a_flood_neither_hangs_the_process_nor_fills_the_memory(start: Start, lines: Lines) -> None:
    code = """
        import os
        line = b"x" * 99 + b"\\n"
        for _ in range(300):
            os.write(1, line * 1000); os.write(2, line * 1000)
        os.write(2, b"done\\n")
    """
    child = start(textwrap.dedent(code))
    assert child.wait(60) == 0
    assert child.output.last("stderr")[-1] == "done"
    assert len(lines.heard) < 100_000
    left_out = sum(int(text.split()[1]) for _, text in lines.heard if text.startswith("[WARN]"))
    assert left_out + sum(not text.startswith("[WARN]") for _, text in lines.heard) == 600_001


def test_one_long_line_is_drained(start: Start, lines: Lines) -> None:
    child = start("import os\nfor _ in range(100): os.write(2, b'x' * 100_000)")
    assert child.wait(60) == 0
    assert [len(text) for _, text in lines.heard] == [64 * 1024 + len(" [line cut]")]


def test_a_pause_is_told(start: Start, lines: Lines) -> None:
    start("import sys, time; print('Traceback', file=sys.stderr); time.sleep(60)")
    lines.wait_for(lambda: lines.quiet > 0)
    assert lines.heard == [("stderr", "Traceback")]


def test_the_end_is_told_after_the_last_line(start: Start, lines: Lines) -> None:
    told: list[object] = []
    done = threading.Event()

    def on_exit() -> None:
        told.extend(lines.heard)
        done.set()

    child = start("import os; os.write(2, b'last'); os._exit(4)", on_exit=on_exit)
    assert done.wait(60)
    assert (child.returncode, told) == (4, [("stderr", "last")])


def test_a_failing_exit_callback_is_logged(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    child = start("", on_exit=lambda: 1 / 0)
    child.wait(60)
    child._thread.join(60)
    assert "ZeroDivisionError" in caplog.text
