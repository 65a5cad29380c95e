"""viewra's pytest plugin: fixtures for tests of plugins and of programs that use hosts.

It imports the rest of viewra when a fixture is first used, so that it does not slow other test suites down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from viewra.host import Host
    from viewra.services import Implementation
    from viewra.testing import PluginUnderTest


@pytest.fixture
def plugin_dir(request: pytest.FixtureRequest) -> Path:
    """The directory of the plugin under test: the nearest folder above the test file that has a plugin.cue."""
    for directory in request.path.parents:
        if (directory / "plugin.cue").is_file():
            return directory
    pytest.fail(f"no plugin.cue in any folder above {request.path}")


@pytest.fixture
def viewra_host(tmp_path: Path) -> Iterator[Host]:
    """An open host with an empty data directory and the plugins shipped with viewra; closed after the test."""
    from viewra.host import Host

    with Host(data_dir=tmp_path / "viewra-data") as host:
        yield host


@pytest.fixture
def loopback_plugin() -> Iterator[Callable[[Implementation], PluginUnderTest]]:
    """A function that runs a plugin object behind a real gRPC server until the test ends, and returns its clients."""
    from viewra.testing import loopback

    with ExitStack() as running:
        yield lambda plugin: running.enter_context(loopback(plugin))
