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


@pytest.mark.process
@pytest.mark.parametrize(("cookie", "frozen"), [("", False), ("viewra_plugin_magic_cookie_v1", True)])
def test_imports_are_not_collected_in_a_plugin_process_and_everything_later_is(cookie: str, frozen: bool) -> None:
    program = "import gc, viewra.sdk; print(gc.isenabled(), gc.get_freeze_count() > 0)"
    env = {"VIEWRA_PLUGIN": cookie} if cookie else {}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env, timeout=60)
    assert done.stdout.split() == ["True", str(frozen)], done.stderr


@pytest.mark.process
def test_what_only_debugging_and_developers_need_is_left_out() -> None:
    names = ["tempfile", "grpc_reflection.v1alpha.reflection"]
    program = f"import sys, viewra.sdk; print([name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
