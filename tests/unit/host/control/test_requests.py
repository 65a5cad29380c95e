"""The control socket: requests from anyone, answers, and closing."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.eventually import eventually
from tests.leftovers import Present
from tests.unit.host.control.asking import answer, call, send
from viewra.cli._control import HostError
from viewra.host.admin import server as control
from viewra.host.admin.server import LONGEST_REQUEST, MOST_CONNECTIONS, ControlServer
from viewra.host.installed.data_dir import read_note


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
    before = Present()
    begun, go = threading.Event(), threading.Event()

    def slow(command: str, arguments: Mapping[str, Any]) -> Any:
        begun.set()
        assert go.wait(60)
        return command

    server = ControlServer(path, tmp_path / "control", slow)
    assert read_note(tmp_path) == path
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(call(path, "restart")))
    asking.start()
    assert begun.wait(60)
    with socket.socket(socket.AF_UNIX) as idle:
        idle.connect(str(path))
        eventually(lambda: bool(server._asking))
        closing = threading.Thread(target=server.close)
        closing.start()
        assert idle.recv(1) == b"", "one that has asked nothing holds up nothing"
    assert closing.is_alive(), "a command that runs is waited for"
    go.set()
    closing.join(60)
    asking.join(60)
    server.close()
    assert answers == ["restart"]
    assert list(tmp_path.iterdir()) == []
    before.nothing_is_left()
