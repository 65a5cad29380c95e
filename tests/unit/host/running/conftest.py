"""One plugin with its whole supervision, on a fake clock and with fake processes."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from viewra.host.database.databases import PluginDatabases
from viewra.host.installed.choices import Chosen
from viewra.host.installed.discovery import Found, Place
from viewra.host.installed.installation import Installation
from viewra.host.logs.log import PluginLog
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.confining import Confining
from viewra.host.running.launch_spec import Machinery
from viewra.host.running.remembered import Remembered
from viewra.host.running.states import CHANGES
from viewra.host.running.supervisor import Supervisor
from viewra.manifest import Manifest, Runtime
from viewra.manifest.load import loads
from viewra.process import RuntimeDir
from viewra.types import PluginState

from .fake_clock import FakeClock
from .fake_process import FakeProcess
from .fakes import FakeLauncher, FakeRemembered, raises_nothing

MANIFEST = """\
id: "p"
name: "p"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
capabilities: {search_service: true}
"""


@cache
def manifest_of(text: str) -> Manifest:
    """Evaluated once for all tests."""
    return loads(text, Path("/nowhere/plugin.cue"))


class World:
    """A plugin in a directory, and what a host has of it."""

    def __init__(self, scratch: Path, runtime: Runtime, capabilities: frozenset[str]) -> None:
        self.clock = FakeClock()
        self.launcher = FakeLauncher(self.clock)
        self.records = FakeRemembered()
        self.changes: list[tuple[PluginState, PluginState, str]] = []
        self.configs = self.runtimes = 0
        self.runtime = runtime
        self.scratch = scratch
        self.directory = scratch / "plugins" / "p"
        self.directory.mkdir(parents=True)
        (self.directory / "plugin.cue").write_text(MANIFEST)
        (self.directory / "main.py").write_text("1")
        self.manifest = attrs.evolve(
            manifest_of(MANIFEST), file=self.directory / "plugin.cue", runtime=runtime, capabilities=capabilities
        )
        self.runtime_dir = RuntimeDir(scratch / "run")
        self.supervisor = self.host()

    def host(self, *, enabled: bool = True) -> Supervisor:
        """Another host's supervisor of the plugin."""
        installation = Installation(
            Found("p", self.directory, Place.GIVEN, self.manifest), data_dir=self.scratch / "data"
        )
        configuration = RunConfiguration(
            installation,
            chosen=self._chosen,
            databases=PluginDatabases(self.scratch / "data"),
            confining=Confining((), "off"),
            log_level="info",
        )
        machinery = Machinery(
            self.launcher, self.runtime_dir, dial=self.launcher.dial, find=self.launcher.find, clock=self.clock
        )
        return Supervisor(
            installation,
            configuration,
            plugin_log=PluginLog("p"),
            machinery=machinery,
            records=cast("Remembered", self.records),
            enabled=enabled,
            on_state=self._changed,
        )

    def _chosen(self, _found: Found) -> Chosen:
        self.runtimes += 1
        return Chosen(self.config, self.runtime)

    def config(self) -> dict[str, str]:
        """The plugin's settings."""
        self.configs += 1
        return {}

    def _changed(self, _plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        assert (old, new) in CHANGES
        self.changes.append((old, new, reason))

    # ---- what tests say ----

    @property
    def state(self) -> str:
        return str(self.supervisor.state)

    @property
    def states(self) -> list[str]:
        return [str(new) for _, new, _ in self.changes]

    @property
    def running(self) -> list[FakeProcess]:
        return self.launcher.running

    @property
    def latest(self) -> FakeProcess:
        return self.launcher.processes[-1]

    def call(self, takes_s: float = 0.0) -> int:
        """A call that takes so long; the pid of the process that it went to."""
        connection = self.supervisor.link.acquire(1.0)
        run = self.supervisor.pool.run_of(connection)
        assert run is not None
        if takes_s:
            self.clock.at(takes_s, connection.leave)
        else:
            connection.leave()
        return run.process.pid

    def crash(self, code: int = 9) -> None:
        """The latest process ends by itself, and that is known."""
        self.latest.die(code)
        self.clock.advance(0.0)

    def change(self, text: str) -> None:
        """Other code is on disk."""
        (self.directory / "main.py").write_text(text)

    def close(self) -> None:
        self.supervisor.close()
        self.runtime_dir.close()


Make = Callable[..., World]


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder with a short path, as sockets need it: pytest's own has the test's name in it."""
    with tempfile.TemporaryDirectory(prefix="viewra-") as folder:
        yield Path(folder)


@pytest.fixture
def make(scratch: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Make]:
    """``make(workers=2, …)``: a plugin with that of its ``runtime``; at its end nothing of it is left."""
    worlds: list[World] = []

    def make(*, capabilities: tuple[str, ...] = ("search_service",), **runtime: Any) -> World:
        world = World(scratch / str(len(worlds)), Runtime(**runtime), frozenset(capabilities))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        with raises_nothing(world.clock):
            world.close()
            world.clock.advance(0.0)
        assert [process.pid for process in world.running if not process.left] == []
        assert [peer.process.pid for peer in world.launcher.peers if not peer.closed] == []
        assert world.clock.waiting == []
        assert not world.runtime_dir.path.exists()
    assert [record for record in caplog.records if record.exc_info and record.levelno >= logging.ERROR] == []


@pytest.fixture
def world(make: Make) -> World:
    return make()
