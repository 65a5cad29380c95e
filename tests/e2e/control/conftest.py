"""A host that runs, with two plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.control.operating import BROKEN, FINDER, RunningHost


@pytest.fixture
def plugins(make_plugin: Callable[..., Path], tmp_path: Path) -> Path:
    word = 'settings: word: string | *"hello"'
    make_plugin("finder", FINDER, capabilities=("search_service",), extra=word)
    make_plugin("other", FINDER, capabilities=("search_service",), extra=word)
    make_plugin("broken", BROKEN, capabilities=("search_service",))
    return tmp_path / "plugins"


@pytest.fixture
def host(plugins: Path, data_dir: Path) -> Iterator[RunningHost]:
    running = RunningHost(plugins, data_dir, "finder")
    yield running
    assert running.close() == 0
    assert not (data_dir / "control").exists()
