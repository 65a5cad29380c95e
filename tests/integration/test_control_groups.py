"""A host that may create control groups: each run gets one, and the state names the limit that ended it."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from viewra import hookimpl
from viewra.host import Host
from viewra.host.running import host_confining
from viewra.process.sandbox.cgroup import Place
from viewra.types import PluginState

pytestmark = pytest.mark.process

CODE = """
    from viewra.sdk import Plugin, serve
    serve(Plugin())
"""


class Crash:
    """Waits for one."""

    def __init__(self) -> None:
        self.reasons: queue.SimpleQueue[str] = queue.SimpleQueue()

    @hookimpl
    def plugin_state_changed(self, new: PluginState, reason: str) -> None:
        if new in {PluginState.CRASHED, PluginState.BACKOFF}:
            self.reasons.put(reason)


def test_a_plugin_is_held_by_a_group_of_its_own(
    tmp_path: Path, make_plugin: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "tree"
    base.mkdir()
    (base / "cgroup.subtree_control").write_text("memory pids cpu")
    monkeypatch.setattr(host_confining, "find", lambda: Place(base, ("memory", "pids", "cpu")))
    directory = make_plugin("plain", CODE, extra="runtime: limits: {memory_mb: 4000, processes: 2}")
    caps = {"memory_mb": 300, "cpu_percent": 50}
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", watch=False, caps=caps) as host:
        plugin = host.plugins["plain"]
        plugin.enable()
        plugin.load()
        (group,) = base.glob("viewra-*-*")
        entered = (group / "cgroup.procs").read_text()
        written = {name: (group / f"{name}.max").read_text() for name in ("memory", "pids", "cpu")}
        assert entered == "0"  # the process itself
        assert written == {"memory": "314572800", "pids": "288", "cpu": "50000 100000"}
        crash = Crash()
        host.pm.register(crash)
        (group / "memory.events").write_text("oom 1\noom_kill 1\n")
        assert plugin.pid is not None
        os.kill(plugin.pid, signal.SIGKILL)  # as the kernel does
        assert "used all of its memory and was ended by the kernel, its limit is 300 MB" in crash.reasons.get(
            timeout=30
        )
        assert plugin.stats.crashes == 1
