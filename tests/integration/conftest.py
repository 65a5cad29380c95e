"""Fixtures for lifecycle tests: an observer of states, and waiting for conditions."""

from __future__ import annotations

import threading

import pytest

from viewra import hookimpl
from viewra.types import PluginState


class States:
    """Every change of every plugin's state, in order; register it with ``host.pm``."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, PluginState, PluginState, str]] = []
        self._changed = threading.Condition()

    @hookimpl
    def plugin_state_changed(self, plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        with self._changed:
            self.seen.append((plugin_id, old, new, reason))
            self._changed.notify_all()

    def of(self, plugin_id: str) -> list[str]:
        with self._changed:
            return [str(new) for one, _, new, _ in self.seen if one == plugin_id]

    def wait_for(self, plugin_id: str, state: PluginState, *, times: int = 1, timeout_s: float = 20.0) -> str:
        """Wait until the plugin came into the state so many times; gives the reason of the last time."""

        def reasons() -> list[str]:
            return [reason for one, _, new, reason in self.seen if one == plugin_id and new is state]

        with self._changed:
            assert self._changed.wait_for(lambda: len(reasons()) >= times, timeout_s), (state, self.seen)
            return reasons()[-1]


@pytest.fixture
def states() -> States:
    return States()


@pytest.fixture(autouse=True)
def _quick_hosts(quick_hosts: None) -> None:
    """Each host of these tests starts from a database that is migrated."""
