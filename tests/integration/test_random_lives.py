"""Random operations from several threads on real plugins; afterwards the host's invariants hold.

hypothesis chooses the operations, threads do them. ``VIEWRA_TEST_SEED`` repeats the choice, and so a run as far as
threads and processes can be repeated.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.eventually import eventually
from tests.thorough import THOROUGH
from viewra import Host, hookimpl
from viewra.errors import PluginError
from viewra.host.plugin import Plugin
from viewra.host.running.states import CHANGES
from viewra.types import PluginState

from .faulty import CODE, own_threads, processes

pytestmark = pytest.mark.process

THREADS, OPERATIONS = 5, 200 if THOROUGH else 60
WEIGHTS = {
    "call": 30,
    "hook": 10,
    "crash": 8,
    "kill": 9,
    "pause": 5,
    "change": 10,
    "load": 9,
    "unload": 4,
    "enable": 9,
    "disable": 3,
    "restart": 5,
    "unquarantine": 5,
    "health": 5,
    "idle": 4,
}
"""How often hypothesis is to choose what."""
NAMES = ("beside", "after")
CALL_S, START_S = 2.0, 20.0
SLACK_S = 60.0
"""For the end of another process, which a call may have to wait for, and for a busy machine."""

RUNTIME = (
    f"runtime: {{start_timeout_s: {START_S:g}, call_timeout_s: default: {CALL_S:g}, idle_timeout_s: 0.5}}\n"
    "runtime: {restart: {max: 3, window_s: 8}, health: {interval_s: 0.5, own_interval_s: 0.5}}\nruntime: reload: "
)


class Changes:
    """An observer that keeps every change of a state."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []

    @hookimpl
    def plugin_state_changed(self, plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        self.seen.append((plugin_id, str(old), str(new)))


class Lives:
    """The operations, and what went wrong with them."""

    def __init__(self, host: Host, directories: dict[str, Path]) -> None:
        self._host = host
        self._directories = directories
        self._versions = dict.fromkeys(directories, 1)
        self._writing = threading.Lock()
        self.wrong: list[str] = []
        self.done: list[str] = []
        own = (self.call, self.hook, self.crash, self.kill, self.pause, self.change, self.idle)
        self.operations: dict[str, Callable[[Plugin, random.Random], None]] = {
            **{operation.__name__: operation for operation in own},
            **{name: self.of(name) for name in WEIGHTS.keys() - {operation.__name__ for operation in own}},
        }

    def do(self, name: str, operation: str, seed: int) -> None:
        """Do something to one plugin, and see that it ends as it should."""
        plugin = self._host.plugins[name]
        began = time.monotonic()
        try:
            with contextlib.suppress(PluginError):
                self.operations[operation](plugin, random.Random(seed))
        except BaseException as error:
            self.wrong.append(f"{operation} {name}: {error!r}")
        took = time.monotonic() - began
        if took > CALL_S + START_S + SLACK_S:
            self.wrong.append(f"{operation} {name} took {took:.1f} s")
        self.done.append(f"{operation} {name}")

    # ---- what may be done ----

    def of(self, name: str) -> Callable[[Plugin, random.Random], None]:
        """A method of the handle."""

        def operation(plugin: Plugin, _chance: random.Random) -> None:
            getattr(plugin, name)()

        operation.__name__ = name
        return operation

    def call(self, plugin: Plugin, _chance: random.Random) -> None:
        if plugin.search is not None:
            assert len(plugin.search.search({}, 1, 0).results) == 1

    def hook(self, _plugin: Plugin, _chance: random.Random) -> None:
        for result in self._host.hook.search(query={}, limit=1, offset=0):
            assert result.error is None or isinstance(result.error, PluginError)

    def crash(self, plugin: Plugin, _chance: random.Random) -> None:
        if plugin.search is not None:
            plugin.search.search({"q": "die"}, 1, 0)

    def kill(self, plugin: Plugin, _chance: random.Random) -> None:
        self._signal(plugin, signal.SIGKILL)

    def pause(self, plugin: Plugin, chance: random.Random) -> None:
        stopped = self._signal(plugin, signal.SIGSTOP)
        threading.Event().wait(chance.random() / 2)
        for process in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)

    def change(self, plugin: Plugin, _chance: random.Random) -> None:
        with self._writing:
            version = self._versions[plugin.id] = self._versions[plugin.id] + 1
            file = self._directories[plugin.id] / "main.py"
            draft = file.with_name("main.py.tmp")
            draft.write_text(re.sub(r"(?m)^VERSION = \d+", f"VERSION = {version}", file.read_text()))
            draft.replace(file)
        plugin.reload()

    def idle(self, _plugin: Plugin, chance: random.Random) -> None:
        threading.Event().wait(chance.random())

    def _signal(self, plugin: Plugin, number: int) -> list[psutil.Process]:
        reached = processes(self._directories[plugin.id])
        for process in reached:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return reached


def machine(lives: Lives) -> type[RuleBasedStateMachine]:
    """What hypothesis drives: each step is handed to the threads, and nobody waits for it but the end."""

    class LivesMachine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self._threads = ThreadPoolExecutor(THREADS)

        @rule(
            name=st.sampled_from(NAMES),
            operation=st.sampled_from([name for name, weight in WEIGHTS.items() for _ in range(weight)]),
            seed=st.integers(0, 2**32 - 1),
        )
        def step(self, name: str, operation: str, seed: int) -> None:
            self._threads.submit(lives.do, name, operation, seed)

        def teardown(self) -> None:
            self._threads.shutdown()

    return LivesMachine


def usage(host: Host, directories: dict[str, Path]) -> tuple[Counter[str], int]:
    """The threads and descriptors of a host none of whose plugins runs."""
    for plugin_id, directory in directories.items():
        host.plugins[plugin_id].unload()
        eventually(lambda directory=directory: processes(directory) == [])  # type: ignore[misc]
        eventually(lambda plugin_id=plugin_id: own_threads(plugin_id) == [])  # type: ignore[misc]
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("child-")])
    return threads(), descriptors()


def threads() -> Counter[str]:
    return Counter(thread.name for thread in threading.enumerate())


def descriptors() -> int:
    """Open descriptors, but for those of the database, of which a few connections are kept for the next threads."""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found += "viewra.db" not in str(Path("/proc/self/fd", name).readlink())
    return found


def test_random_operations_from_five_threads(
    tmp_path: Path, make_plugin: Callable[..., Path], record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("VIEWRA_TEST_SEED") or random.SystemRandom().randrange(2**32))
    record_property("seed", seed)
    directories = {
        name: make_plugin(
            name, CODE, capabilities=("search_service",), extra=f'{RUNTIME}"{how}"', may=("filesystem:write",)
        )
        for name, how in zip(NAMES, ("blue-green", "restart"), strict=True)
    }
    changes = Changes()
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=False) as host:
        host.pm.register(changes)
        for name in directories:
            host.plugins[name].enable(grant_requested=True)
            host.plugins[name].load()
            search = host.plugins[name].search
            assert search is not None
            search.search({}, 1, 0)
        threads_before, descriptors_before = usage(host, directories)
        lives = Lives(host, directories)
        # The first example is hypothesis' simplest one, calls alone; the second is random.
        chosen = settings(
            max_examples=2,
            stateful_step_count=OPERATIONS,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(with_seed(seed)(machine(lives)), settings=chosen)
        told = f"VIEWRA_TEST_SEED={seed}\n" + "\n".join(lives.done[-20:])
        assert lives.wrong == [], told
        assert len(lives.done) >= OPERATIONS
        assert len(set(lives.done)) > len(WEIGHTS), told

        for name, directory in directories.items():
            plugin = host.plugins[name]
            plugin.enable()
            plugin.unquarantine()
            eventually(lambda plugin=plugin, directory=directory: runs_once(plugin, directory))  # type: ignore[misc]
            assert plugin.stats.in_flight == plugin.stats.queued == 0, told
        _, descriptors_after = usage(host, directories)
        eventually(lambda: threads() <= threads_before, told)  # one of an earlier test may have ended meanwhile
        # gRPC keeps a few descriptors for itself, however many channels there were.
        eventually(lambda: min(descriptors_after, descriptors()) <= descriptors_before + 5)
        sockets = host._registry._making.machinery.runtime_dir  # type: ignore[union-attr]
        left = [path for path in sockets.path.rglob("*") if path.is_socket() and path.name != "control"]
        assert left == [], told
    eventually(lambda: changes.seen[-1][2] == "stopped")
    allowed = {(str(old), str(new)) for old, new in CHANGES}
    assert {(old, new) for _, old, new in changes.seen} <= allowed, told
    for name in directories:  # each change begins where the one before ended
        own = [(old, new) for plugin_id, old, new in changes.seen if plugin_id == name]
        assert all(before[1] == after[0] for before, after in itertools.pairwise(own)), told


def runs_once(plugin: Plugin, directory: Path) -> bool:
    """Whether one process runs, and no other: a replaced one may have a moment left."""
    plugin.load()  # it may have been stopped as idle in that moment
    kept = directory.parents[1] / "data" / "kept-code" / plugin.id  # of a version that is used in place of a later one
    places = [directory, *kept.iterdir()] if kept.exists() else [directory]
    there = [process.pid for place in places for process in processes(place)]
    return there == [plugin.pid] and plugin.state is PluginState.RUNNING
