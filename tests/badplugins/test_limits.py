"""A plugin that breaks a limit is ended, and its state says which one."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path

import pytest

from viewra import hookimpl
from viewra.host import Host
from viewra.process.sandbox.machine import machine
from viewra.types import PluginState

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-")]

CODE = """\
import mmap
from viewra import sdk

class Greedy(sdk.Plugin):
    held = None

    def search(self, query, limit, offset):
        what = query["what"]
        if what == "shared memory":
            self.held = mmap.mmap(-1, 400 << 20)
            for at in range(0, 400 << 20, 4096):
                self.held[at] = 1
        if what == "disk":
            for number in range(40):
                with open(f"{self.context.base_path}/{number}", "wb") as file:
                    file.write(bytes(1 << 20))
        return []

    def get_search_capabilities(self):
        return sdk.SearchCapabilities(fields=("what",))

sdk.serve(Greedy())
"""


@pytest.mark.parametrize(
    ("what", "limits", "said"),
    [
        ("shared memory", "memory_mb: 200", "of memory, its limit is 200 MB"),
        ("disk", "disk_mb: 20", "in its folder, its limit is 20 MB"),
    ],
)
def test_a_breach_ends_the_process(
    tmp_path: Path,
    make_plugin: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    limits: str,
    said: str,
) -> None:
    monkeypatch.setenv("VIEWRA_SANDBOX", "auto")
    make_plugin("greedy", CODE, capabilities=("search_service",), extra=f"runtime: limits: {{{limits}}}")
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=False) as host:
        plugin = host.plugins["greedy"]
        plugin.enable()
        plugin.load()
        states = _States()
        host.pm.register(states)
        host.hook.search(query={"what": what}, limit=1, offset=0)
        assert said in states.crash()
        assert plugin.stats.crashes >= 1  # the call was tried again


class _States:
    """Waits for a crash."""

    def __init__(self) -> None:
        self._reasons: queue.SimpleQueue[str] = queue.SimpleQueue()

    @hookimpl
    def plugin_state_changed(self, new: PluginState, reason: str) -> None:
        if new in {PluginState.CRASHED, PluginState.BACKOFF}:
            self._reasons.put(reason)

    def crash(self) -> str:
        """The reason of the first one."""
        return self._reasons.get(timeout=30)
