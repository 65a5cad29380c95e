"""A plugin process stays light: what importing the SDK brings along."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ["pluggy", "sqlalchemy", "alembic", "watchdog", "rich", "click", "cryptography", "viewra.host"]


@pytest.mark.process
def test_a_plugin_process_imports_nothing_of_the_host() -> None:
    program = f"import sys, viewra.sdk; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
