"""Plugins that outlive a host: left under a lease, taken over by the next host, or run by hand and attached to."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.eventually import eventually
from tests.forking import PIPE, server
from viewra import Host
from viewra.codec.protocol import DEBUG
from viewra.errors import PluginUnavailable, UsageError
from viewra.host import Connecting, Reattach
from viewra.host.running import lease
from viewra.host.sync.timer import Still
from viewra.process import start_time
from viewra.types import PluginState

pytestmark = pytest.mark.process

CODE = """
    import os
    from viewra.sdk import Plugin, serve
    class P(Plugin):
        def initialize(self, context): self.calls = 0
        def get_models(self):
            self.calls += 1
            self.log.info("asked", calls=self.calls)
            return [str(os.getpid()), str(self.calls)]
        def migrate(self, connection_string): pass
        def rollback(self, connection_string): pass
    serve(P())
"""


@pytest.fixture
def directory(make_plugin: Callable[..., Path]) -> Path:
    return make_plugin("p", CODE, capabilities=("database_service",), extra="runtime: detachable: true")


@pytest.fixture
def new_host(tmp_path: Path, directory: Path) -> Callable[..., Host]:
    def make(**options: Any) -> Host:
        return Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", **options)

    return make


def asked(host: Host) -> tuple[int, int]:
    database = host.plugins["p"].database
    assert database is not None
    pid, calls = database.get_models()
    return int(pid), int(calls)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone(pid: int, timeout_s: float = 60) -> bool:
    deadline = time.monotonic() + timeout_s
    while _alive(pid):
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.02)
    return True


def test_the_next_host_takes_over_what_was_left(new_host: Callable[..., Host]) -> None:
    host = new_host().open()
    host.plugins["p"].enable()
    pid, calls = asked(host)
    assert calls == 1
    assert host.detach() == ["p"]
    assert psutil.pid_exists(pid)

    with new_host() as host:
        plugin = host.plugins["p"]
        assert (plugin.state, plugin.pid) == (PluginState.RUNNING, pid)
        assert asked(host) == (pid, 2), "it has gone on where it was"
        eventually(lambda: any(record.fields.get("calls") == 2 for record in plugin.logs))
    assert gone(pid), "a host that closes ends it"


def test_a_host_that_closes_ends_its_plugins(new_host: Callable[..., Host]) -> None:
    with new_host() as host:
        host.plugins["p"].enable()
        pid, _ = asked(host)
    assert gone(pid)


def test_the_lease_ends_what_nobody_takes_over(new_host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch) -> None:
    renewed = threading.Semaphore(0)
    renew = lease.Renewal._renew

    def counted(renewal: lease.Renewal, still: Still) -> None:
        renew(renewal, still)
        renewed.release()

    monkeypatch.setattr(lease.Renewal, "_renew", counted)
    monkeypatch.setattr(lease, "_EVERY_S", 0.05)
    host = new_host().open()
    host.plugins["p"].enable()
    pid, _ = asked(host)
    assert all(renewed.acquire(timeout=60) for _ in range(3))
    assert asked(host)[0] == pid
    monkeypatch.setattr(lease, "LEASE_S", 1)
    while renewed.acquire(blocking=False):
        pass
    assert all(renewed.acquire(timeout=60) for _ in range(2)), "the second one began after that"
    assert host.detach() == ["p"]
    assert gone(pid)
    with new_host() as host:
        assert host.plugins["p"].state is PluginState.READY
        assert asked(host)[0] != pid


def test_a_killed_host_leaves_nothing_to_take_over(
    new_host: Callable[..., Host], directory: Path, tmp_path: Path
) -> None:
    """Its plugins end with their leases; nobody knows how far their last calls went."""
    program = (
        "import sys; from viewra import Host\n"
        f"host = Host(plugin_dirs=[{str(directory.parent)!r}], data_dir={str(tmp_path / 'data')!r}).open()\n"
        "plugin = host.plugins['p']; plugin.enable(); plugin.load()\n"
        "print(plugin.pid, flush=True); sys.stdin.read()"
    )
    with server().start(["-c"], code=program, stdin=PIPE, stdout=PIPE) as killed:
        assert killed.stdout is not None
        pid = int(killed.stdout.readline())
        os.kill(killed.pid, signal.SIGKILL)
    with new_host() as host:
        assert asked(host)[0] != pid
    os.kill(pid, signal.SIGKILL)


def test_other_code_is_not_taken_over(new_host: Callable[..., Host], directory: Path) -> None:
    host = new_host().open()
    host.plugins["p"].enable()
    pid, _ = asked(host)
    host.detach()
    (directory / "main.py").write_text((directory / "main.py").read_text() + "\n# newer")
    with new_host() as host:
        assert host.plugins["p"].pid is None
        assert gone(pid)
        assert asked(host)[0] != pid


def test_a_pid_that_is_another_process_is_left_alone(new_host: Callable[..., Host], tmp_path: Path) -> None:
    with new_host() as host:
        host.plugins["p"].enable()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        started = start_time(other.pid)
        assert started is not None
        record = Reattach(other.pid, "unix", "/tmp/nowhere", started=started - 1)
        directory = tmp_path / "data" / "plugins" / "p"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "detached.json").write_text(record.to_json())
        with new_host() as host:
            assert host.plugins["p"].pid is None
        assert other.poll() is None
        other.communicate(b"\n")


def test_encrypted_connections_are_not_left(new_host: Callable[..., Host]) -> None:
    host = new_host(connecting=Connecting(auto_mtls=True)).open()
    host.plugins["p"].enable()
    pid, _ = asked(host)
    assert host.detach() == []
    assert gone(pid)


def test_a_plugin_without_a_lease_cannot_be_detachable(new_host: Callable[..., Host], directory: Path) -> None:
    code = (directory / "main.py").read_text()
    (directory / "main.py").write_text("import os\nos.environ.pop('VIEWRA_LEASE_S')\n" + code)
    with new_host() as host:
        host.plugins["p"].enable()
        with pytest.raises(PluginUnavailable, match="it has no lease"):
            host.plugins["p"].load()


def test_a_plugin_that_is_run_by_hand(new_host: Callable[..., Host], directory: Path) -> None:
    environment = {**os.environ, DEBUG: "1"}
    argv = [sys.executable, str(directory / "main.py")]
    with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True) as by_hand:
        assert by_hand.stderr is not None
        line = by_hand.stderr.readline()
        found = re.search(r"--reattach 'ID=(\{.*\})'", line)
        assert found is not None, line
        for _ in range(2):  # one host after the other
            with new_host(reattach={"p": Reattach.from_json(found[1])}) as host:
                assert host.plugins["p"].pid == by_hand.pid
                assert asked(host) == (by_hand.pid, 1)
            assert by_hand.poll() is None, "a host never ends it"
        from viewra.cli._options import Options

        options = Options(
            (str(directory.parent),), None, str(host.data_dir), "warning", "text", False, (f"p={found[1]}",)
        )
        with options.host() as host:
            assert asked(host)[0] == by_hand.pid
        by_hand.send_signal(signal.SIGINT)
        assert by_hand.wait(60) == 0


def test_what_is_no_plugin_to_attach_to(new_host: Callable[..., Host]) -> None:
    with pytest.raises(UsageError, match="not a plugin to attach to"):
        Reattach.from_json("{}")
    record = Reattach(os.getpid(), "unix", "/tmp/nowhere", test=True)
    with pytest.raises(PluginUnavailable, match="could not be attached to"), new_host(reattach={"p": record}):
        pass
    with pytest.raises(UsageError, match="no plugin 'q'"), new_host(reattach={"q": record}):
        pass


def test_the_record_is_go_plugins_own() -> None:
    record = json.loads(Reattach(7, "unix", "/run/x").to_json())
    assert record["Protocol"] == "grpc"
    assert record["Addr"] == {"Network": "unix", "String": "/run/x"}
    assert Reattach.from_json(json.dumps(record)) == Reattach(7, "unix", "/run/x")
