"""Fixtures for tests of the watcher."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.host.watch.watching import Watch, write_plugin


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    return write_plugin(tmp_path / "plugins" / "one")


@pytest.fixture
def watch(tmp_path: Path, plugin: Path) -> Iterator[Watch]:
    with Watch(tmp_path) as watch:
        watch.watcher.watch_plugin(plugin)
        yield watch
