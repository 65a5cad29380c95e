"""A control server on a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.host.control.asking import answer
from viewra.host.admin.server import ControlServer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


@pytest.fixture
def server(path: Path, tmp_path: Path) -> Iterator[ControlServer]:
    with ControlServer(path, tmp_path / "control", answer) as server:
        yield server
