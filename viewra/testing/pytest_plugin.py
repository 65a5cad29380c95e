"""viewra's pytest plugin: fixtures for tests of plugins and of hosts, and the import of a plugin's code by its tests.

It imports the rest of viewra when a fixture is first used, so that it does not slow other test suites down.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from viewra.host import Host
    from viewra.services import Implementation
    from viewra.testing import PluginUnderTest

_MANIFEST = "plugin.cue"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Let a conftest.py import the code of its plugin; pytest loads those of its arguments before it collects."""
    here = early_config.invocation_params.dir
    arguments = [here / argument.partition("::")[0] for argument in early_config.known_args_namespace.file_or_dir]
    for path in arguments or [here]:
        _make_importable(path)


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path) -> None:
    """Let the tests in this folder import the code of their plugin."""
    _make_importable(path)


@pytest.hookimpl(tryfirst=True)
def pytest_collect_file(file_path: Path) -> None:
    """Let the tests in this file, which may be an argument of pytest, import the code of their plugin."""
    if file_path.suffix == ".py":
        _make_importable(file_path)


def _make_importable(path: Path) -> None:
    """Append the plugin's directory to the import path, as its process has it.

    A directory that is a package itself, as those of the plugins shipped with viewra, is imported by its own name.
    """
    directory = _plugin_above(path)
    if directory is None or (directory / "__init__.py").exists():
        return
    if str(directory) not in sys.path:
        sys.path.append(str(directory))


def _plugin_above(path: Path) -> Path | None:
    """The nearest folder at or above a path that has a plugin.cue."""
    return next((folder for folder in (path, *path.parents) if (folder / _MANIFEST).is_file()), None)


@pytest.fixture
def plugin_dir(request: pytest.FixtureRequest) -> Path:
    """The directory of the plugin under test: the nearest folder above the test file that has a plugin.cue."""
    directory = _plugin_above(request.path)
    if directory is None:
        pytest.fail(f"no {_MANIFEST} in any folder above {request.path}")
    return directory


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
