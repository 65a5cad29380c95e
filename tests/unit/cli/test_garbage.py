"""A command's process looks for garbage rarely; a program that calls a command looks as before."""

from __future__ import annotations

import gc
import subprocess
import sys

from viewra.cli import _garbage

PROGRAM = """
import gc
from viewra.cli import _garbage
%s
print(gc.isenabled(), gc.get_threshold()[0], gc.get_freeze_count() > 0)
"""


def told(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM % code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_a_command_puts_it_off_while_it_imports_and_keeps_what_there_is_then() -> None:
    usual = gc.get_threshold()[0]
    assert told("_garbage.put_off()") == f"False {usual} False"
    assert told("_garbage.put_off(); _garbage.begin()") == f"True {_garbage.VALUES} True"
    assert (
        told("_garbage.put_off(); _garbage.begin(); gc.unfreeze(); _garbage.keep()") == f"True {_garbage.VALUES} True"
    )


def test_somebody_elses_process_is_left_alone() -> None:
    usual = gc.get_threshold()[0]
    assert told("_garbage.begin(); _garbage.keep()") == f"True {usual} False"
