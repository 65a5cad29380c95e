"""Child processes that end with the test."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from tests.unit.host.resources.children import DEADLINE_S, SPIN, Start, descendants, hear


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a program that prints a line when it is ready, and goes on when it reads one."""
    started: list[subprocess.Popen[str]] = []

    def begin(program: str) -> subprocess.Popen[str]:
        source = SPIN + textwrap.dedent(program)
        child = subprocess.Popen(
            [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        started.append(child)
        hear(child)
        return child

    yield begin
    for child in started:
        for process in descendants(child.pid):
            process.kill()
        child.kill()
        child.communicate(timeout=DEADLINE_S)
