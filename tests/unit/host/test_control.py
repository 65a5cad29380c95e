"""The control socket: what comes in as a request, whoever sends it; what goes out; the end."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.eventually import eventually
from viewra.cli._control import HostError, _exchange, ask, find_host
from viewra.errors import LockedError, ManifestError, UsageError, ViewraError
from viewra.host.admin import server as control
from viewra.host.admin.server import LONGEST_REQUEST, MOST_CONNECTIONS, ControlServer
from viewra.host.admin.wire import read_note
from viewra.host.installed.lock import DataLock, holder


def answer(command: str, arguments: Mapping[str, Any]) -> Any:
    match command:
        case "ping":
            return {"process": "process 1 (test)"}
        case "echo":
            return dict(arguments)
        case "wrong":
            raise UsageError("it cannot be", hint="do otherwise")
        case "manifest":
            errors = (ManifestError("a", file="x.cue", line=1, column=2), ManifestError("b"))
            raise ManifestError("a", errors=errors)
        case "bug":
            raise RuntimeError("a bug of ours")
    raise UsageError(f"no command {command!r}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


@pytest.fixture
def server(path: Path, tmp_path: Path) -> Iterator[ControlServer]:
    with ControlServer(path, tmp_path / "control", answer) as server:
        yield server


def send(path: Path, data: bytes, *, end: bool = True) -> bytes:
    """Everything that comes back for these bytes."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        received = b""
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it had read enough; the answer is there all the same
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
        return received


def call(path: Path, command: str, **arguments: Any) -> Any:
    return _exchange(path, command, arguments, time.monotonic() + 10)


def test_a_command_and_its_answer(server: ControlServer, path: Path) -> None:
    assert call(path, "echo", plugin_id="ä\udcff\0", keep=True) == {"plugin_id": "ä\udcff\0", "keep": True}
    assert send(path, b'{"command": "echo"}\n') == b'{"result": {}}\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_error_keeps_its_message_hint_and_status(server: ControlServer, path: Path) -> None:
    with pytest.raises(HostError, match="it cannot be") as raised:
        call(path, "wrong")
    assert (raised.value.hint, raised.value.exit_status) == ("do otherwise", 2)
    with pytest.raises(HostError) as raised:
        call(path, "manifest")
    assert (str(raised.value), raised.value.exit_status) == ("x.cue:1:2: a\nb", 1)


def test_a_bug_is_an_answer_too(server: ControlServer, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(HostError, match="a bug of ours") as raised:
        call(path, "bug")
    assert raised.value.exit_status == 1
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff\xfe\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b'{"command": 1}\n',
        b'{"command": "echo", "arguments": []}\n',
        b'{"command": "echo"',
        b"[" * 100_000 + b"\n",
        b"x" * (LONGEST_REQUEST + 1),
        b'{"command": "' + b"x" * (4 * LONGEST_REQUEST) + b'"}\n',
    ],
    ids=lambda line: f"{line[:20]!r}-{len(line)}",
)
def test_what_is_no_request_is_answered_with_an_error(server: ControlServer, path: Path, line: bytes) -> None:
    received = send(path, line)
    if line:
        assert set(json.loads(received)) == {"error"}
        assert json.loads(received)["error"]["exit_status"] == 2
        too_long = "a line of more than" in json.loads(received)["error"]["message"]
        assert too_long == (len(line) > LONGEST_REQUEST)
    else:
        assert received == b""
    assert call(path, "echo") == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=2000)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["command", "arguments"]) | st.text(), inner, max_size=4)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_comes_in_harms_nothing(server: ControlServer, path: Path, data: bytes) -> None:
    received = send(path, data)
    assert not received or set(json.loads(received)) <= {"result", "error"}
    assert call(path, "echo", x=1) == {"x": 1}


def test_a_request_that_does_not_arrive_is_given_up(
    server: ControlServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "REQUEST_S", 0.1)
    assert "did not arrive within 0.1 s" in json.loads(send(path, b'{"comm', end=False))["error"]["message"]


def test_one_who_does_not_read_his_answer_is_given_up(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "REPLY_S", 0.1)
    monkeypatch.setattr(control, "REQUEST_S", 60.0)
    with (
        ControlServer(path, tmp_path / "control", lambda *_: "x" * 10_000_000) as server,
        socket.socket(socket.AF_UNIX) as silent,
    ):
        silent.connect(str(path))
        silent.sendall(b'{"command": "much"}\n')
        eventually(lambda: not any(thread.is_alive() for thread in server._threads) and bool(server._threads))


def test_one_too_many_is_turned_away(server: ControlServer, path: Path) -> None:
    waiting = [socket.socket(socket.AF_UNIX) for _ in range(MOST_CONNECTIONS)]
    for one in waiting:
        one.connect(str(path))
    eventually(lambda: len(server._asking) == MOST_CONNECTIONS)
    assert "busy" in json.loads(send(path, b""))["error"]["message"]
    for one in waiting:
        one.close()
    eventually(lambda: not server._asking)
    assert call(path, "echo") == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_is_refused(tmp_path: Path) -> None:
    program = (
        "import os, socket, sys; s = socket.socket(socket.AF_UNIX); os.setgid(65534); os.setuid(65534); "
        's.connect(sys.argv[1]); s.sendall(b\'{"command": "echo"}\\n\'); print(s.recv(9999).decode())'
    )
    with tempfile.TemporaryDirectory() as open_to_all:
        path = Path(open_to_all, "s")
        path.parent.chmod(0o755)
        with ControlServer(path, tmp_path / "control", answer):
            path.chmod(0o666)
            argv = [sys.executable, "-c", program, str(path)]
            told = subprocess.run(argv, capture_output=True, check=True)
    assert json.loads(told.stdout)["error"]["message"].startswith("user 65534 may not use the control socket of user 0")


def test_nothing_is_left_at_the_end(path: Path, tmp_path: Path) -> None:
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    begun, go = threading.Event(), threading.Event()

    def slow(command: str, arguments: Mapping[str, Any]) -> Any:
        begun.set()
        assert go.wait(10)
        return command

    server = ControlServer(path, tmp_path / "control", slow)
    assert read_note(tmp_path) == path
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(call(path, "restart")))
    asking.start()
    assert begun.wait(10)
    with socket.socket(socket.AF_UNIX) as idle:
        idle.connect(str(path))
        eventually(lambda: bool(server._asking))
        closing = threading.Thread(target=server.close)
        closing.start()
        assert idle.recv(1) == b"", "one that has asked nothing holds up nothing"
    assert closing.is_alive(), "a command that runs is waited for"
    go.set()
    closing.join(10)
    asking.join(10)
    server.close()
    assert answers == ["restart"]
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_host_that_cannot_make_it_leaves_nothing(path: Path, tmp_path: Path) -> None:
    descriptors = len(os.listdir("/proc/self/fd"))
    note = tmp_path / "absent" / "control"
    with pytest.raises(ViewraError, match=f"{note}: No such file"):
        ControlServer(path, note, answer)
    assert len(os.listdir("/proc/self/fd")) == descriptors
    with pytest.raises(ViewraError, match="107 bytes"):
        ControlServer(tmp_path / ("x" * 120), tmp_path / "control", answer)


def test_the_socket_is_made_again_when_a_cleaner_removed_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run" / "s"
    path.parent.mkdir()
    monkeypatch.setattr("viewra.host.admin.server.LOOK_S", 0.01)
    with ControlServer(path, tmp_path / "control", answer, lambda: path.parent.mkdir(exist_ok=True)):
        shutil.rmtree(path.parent)
        eventually(path.exists)
        assert find_host(tmp_path) is not None


def test_a_host_is_found_while_it_runs(tmp_path: Path, path: Path) -> None:
    assert find_host(tmp_path) is None
    assert find_host(tmp_path / "absent") is None
    with DataLock(tmp_path), ControlServer(path, tmp_path / "control", answer):
        found = find_host(tmp_path)
        assert found is not None
        assert found.process == "process 1 (test)"
        assert ask(tmp_path, "echo", x=1) == {"x": 1}
    assert ask(tmp_path, "echo", x=1) is None


def test_hosts_that_come_and_go_answer_or_are_not_there(tmp_path: Path, path: Path) -> None:
    ended = threading.Event()
    answers: list[object] = []

    def keep_asking() -> None:
        while not ended.is_set():
            try:
                answers.append(ask(tmp_path, "echo", x=1))
            except LockedError as error:  # each host that it finds may be the next to go
                assert error.hint == "try again"  # noqa: PT017
            except Exception as error:
                answers.append(error)
                break

    asking = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in asking:
        thread.start()
    for _ in range(20):
        count = len(answers)
        with DataLock(tmp_path), ControlServer(path, tmp_path / "control", answer):
            eventually(lambda: len(answers) > count)  # noqa: B023 - called at once
    ended.set()
    for thread in asking:
        thread.join()
    assert {"x": 1} in answers
    assert [one for one in answers if one not in ({"x": 1}, None)] == []


@pytest.mark.parametrize("note", [b"", b"/\0\n", b"/nowhere/control\n", b"relative", b"x" * 5000, b"\xff\n"])
def test_a_stale_note_is_no_host(tmp_path: Path, note: bytes) -> None:
    (tmp_path / "control").write_bytes(note)
    assert find_host(tmp_path) is None


def test_a_socket_without_a_listener_is_no_host(tmp_path: Path, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    (tmp_path / "control").write_bytes(os.fsencode(path))
    assert find_host(tmp_path) is None


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\n", b"1\n", b"[]\n", b'{"error": {"no": 1}}\n', b"{}\n"])
def test_somebody_else_at_the_socket_is_told_from_a_host(tmp_path: Path, path: Path, said: bytes) -> None:
    (tmp_path / "control").write_bytes(os.fsencode(path))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(said)

        serving = threading.Thread(target=serve)
        serving.start()
        with pytest.raises(ViewraError, match="not a host of this version"):
            find_host(tmp_path)
        serving.join()


@pytest.mark.parametrize("listens", [False, True])
def test_a_host_that_does_not_answer_is_one_clear_error(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch, listens: bool
) -> None:
    monkeypatch.setattr("viewra.cli._control.KNOCK_S", 0.2)
    with DataLock(tmp_path), socket.socket(socket.AF_UNIX) as deaf:
        if listens:
            deaf.bind(str(path))
            deaf.listen(1)
            (tmp_path / "control").write_bytes(os.fsencode(path))
        with pytest.raises(LockedError, match=rf"process {os.getpid()} .*does not answer on its control socket"):
            find_host(tmp_path)


def test_a_host_that_is_starting_is_waited_for(tmp_path: Path, path: Path) -> None:
    with DataLock(tmp_path):
        servers: list[ControlServer] = []
        later = threading.Timer(0.2, lambda: servers.append(ControlServer(path, tmp_path / "control", answer)))
        later.start()
        try:
            assert find_host(tmp_path) is not None
        finally:
            later.join()
            servers[0].close()


def test_looking_who_holds_the_data_directory_keeps_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert holder(tmp_path) is None
    with DataLock(tmp_path):
        assert str(os.getpid()) in (holder(tmp_path) or "")
    assert holder(tmp_path) is None
    looking = os.open(tmp_path / "host.lock", os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    monkeypatch.setattr("viewra.host.installed.lock.time.sleep", lambda _seconds: fcntl.flock(looking, fcntl.LOCK_UN))
    with DataLock(tmp_path):
        os.close(looking)
