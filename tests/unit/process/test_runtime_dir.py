"""The private directory of sockets: short, accessible to its owner only, removed when its host is dead."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from viewra.errors import ViewraError
from viewra.process import RuntimeDir, check_socket_path
from viewra.process.runtime_dir import default_base


@pytest.fixture
def base(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "b"


def test_a_directory_is_private_and_goes_at_close(base: Path) -> None:
    with RuntimeDir(base) as runtime:
        sockets = runtime.new_socket_dir()
        for path in (base, runtime.path, sockets):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert runtime.new_socket_dir() != sockets
        (sockets / "left").touch()
        runtime.discard(sockets)
        assert not sockets.exists()
    assert list(base.iterdir()) == []
    runtime.close()


def test_it_is_made_again_when_a_cleaner_removed_it(base: Path) -> None:
    with RuntimeDir(base) as runtime:
        shutil.rmtree(base)
        sockets = runtime.new_socket_dir()
        assert sockets.parent == runtime.path
        shutil.rmtree(base)
        assert runtime.new_lasting_dir().parent == base
        runtime.ensure()
        with RuntimeDir(base):  # which sweeps what no host holds
            assert runtime.path.is_dir()
    runtime.ensure()
    assert not runtime.path.exists(), "a closed one stays away"


def test_a_dead_hosts_directory_is_swept_and_a_living_ones_is_not(base: Path) -> None:
    with RuntimeDir(base) as living:
        dead = base / "dead"
        (dead / "1").mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(dead / "1" / "s"))
        (base / "file").touch()
        with RuntimeDir(base):
            assert not dead.exists()
            assert living.path.exists()


def test_the_directory_of_a_killed_host_is_swept(base: Path) -> None:
    code = (
        "import sys, pathlib; from viewra.process import RuntimeDir\n"
        "r = RuntimeDir(pathlib.Path(sys.argv[1])); print(r.path, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(base)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        path = Path(host.stdout.readline().strip())
        with RuntimeDir(base):
            assert path.exists()
        host.kill()
    with RuntimeDir(base):
        assert not path.exists()


def test_a_base_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(ViewraError, match="only you can enter") as caught:
        RuntimeDir(tmp_path)
    assert "chmod 700" in str(caught.value.hint)


def test_a_base_that_is_a_link_or_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").touch()
    with pytest.raises(ViewraError, match="must be a directory that belongs to you"):
        RuntimeDir(tmp_path / "link")
    with pytest.raises(ViewraError, match="cannot be made"):
        RuntimeDir(tmp_path / "file")


def test_a_long_base_is_refused_with_the_reason(tmp_path: Path) -> None:
    with RuntimeDir(tmp_path / ("d" * 100)) as runtime, pytest.raises(ViewraError, match="at most 107 bytes"):
        runtime.new_socket_dir()


def test_the_longest_path_that_passes_is_the_longest_that_binds(tmp_path: Path) -> None:
    for length, fits in ((107, True), (108, False)):
        path = Path("/tmp") / ("v" * (length - 5 - 8) + tmp_path.name[-8:].rjust(8, "_"))
        with socket.socket(socket.AF_UNIX) as server:
            if fits:
                check_socket_path(path)
                server.bind(os.fsencode(path))
                path.unlink()
            else:
                with pytest.raises(ViewraError):
                    check_socket_path(path)
                with pytest.raises(OSError, match="too long"):
                    server.bind(os.fsencode(path))


def test_the_default_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fallback = Path(f"/tmp/viewra-{os.getuid()}")
    short = Path(f"/tmp/viewra-test-{os.getpid()}")
    short.mkdir(0o700)
    try:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
        assert default_base() == short / "viewra"
        short.chmod(0o755)
        assert default_base() == fallback
    finally:
        short.rmdir()
    for unsuitable in (str(short), str(tmp_path / ("x" * 80)), "relative", ""):
        monkeypatch.setenv("XDG_RUNTIME_DIR", unsuitable)
        assert default_base() == fallback


def test_one_that_a_cleaner_removed_is_made_again(tmp_path: Path) -> None:
    base = tmp_path / "v"
    with RuntimeDir(base) as runtime:
        assert runtime.new_socket_dir().is_dir()
        shutil.rmtree(base)
        assert runtime.new_socket_dir().is_dir()
        assert runtime.new_lasting_dir().is_dir()
        with RuntimeDir(base):  # which sweeps what nobody holds
            assert runtime.path.is_dir()
        shutil.rmtree(base)
        assert runtime.new_lasting_dir().is_dir()
    assert not runtime.path.exists()


def test_a_fork_removes_and_ends_nothing(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys\n"
        "from viewra.errors import HandshakeError\n"
        "from viewra.process import LaunchPlan, RuntimeDir, Spawner\n"
        "runtime, spawner = RuntimeDir(pathlib.Path(sys.argv[1])), Spawner()\n"
        "child = spawner.launch(LaunchPlan(('/bin/sleep', '60'), {}), on_line=print)\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    runtime.close(); spawner.close()\n"
        "    try:\n"
        "        spawner.launch(LaunchPlan(('/bin/true',), {}), on_line=print)\n"
        "    except HandshakeError: os._exit(7)\n"
        "    os._exit(1)\n"
        "status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n"
        "print(status, runtime.path.is_dir(), child.wait(0))\n"
        "child.kill(); spawner.close(); runtime.close()\n"
    )
    argv = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "viewra")]
    assert subprocess.run(argv, capture_output=True, text=True, timeout=60).stdout.strip() == "7 True None"
