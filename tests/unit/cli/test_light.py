"""A command that only asks the running host is quick: it imports no host of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ["sqlalchemy", "grpc", "pluggy", "viewra.host.facade", "viewra.adapters", "rich", "alembic", "cattrs"]


@pytest.mark.process
def test_asking_a_running_host_imports_none() -> None:
    program = (
        f"import sys, viewra.cli._main, viewra.cli.plugins; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


@pytest.mark.process
def test_a_host_on_sqlite_imports_nothing_of_postgresql() -> None:
    program = "import sys, viewra.host.facade; print(*[name for name in sys.modules if name.endswith('.postgresql')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["viewra.db.postgresql"]
