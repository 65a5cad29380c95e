"""The control socket and the data directory's lock: which host runs, and hosts that do not answer."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import threading
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.leftovers import Present
from tests.unit.host.control.asking import answer
from viewra.cli._control import ask, beside_or_alone, find_host
from viewra.errors import LockedError, ViewraError
from viewra.host.admin.server import ControlServer
from viewra.host.installed.lock import DataLock, holder


def test_a_host_that_cannot_make_it_leaves_nothing(path: Path, tmp_path: Path) -> None:
    before = Present()
    note = tmp_path / "absent" / "control"
    with pytest.raises(ViewraError, match=f"{note}: No such file"):
        ControlServer(path, note, answer)
    before.nothing_is_left()
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


def test_a_host_that_was_opened_meanwhile_is_asked(tmp_path: Path, path: Path) -> None:
    with contextlib.ExitStack() as opened:

        def work() -> str:
            if find_host(tmp_path) is not None:
                return "asked"
            opened.enter_context(DataLock(tmp_path))
            opened.enter_context(ControlServer(path, tmp_path / "control", answer))
            with DataLock(tmp_path):
                return "held"

        assert beside_or_alone(work) == "asked"


def test_a_copy_of_its_descriptor_in_a_fork_holds_nothing(tmp_path: Path) -> None:
    with DataLock(tmp_path) as lock:
        copy = os.dup(lock._descriptor)
    assert holder(tmp_path) is None
    os.close(copy)


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
