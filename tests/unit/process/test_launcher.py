"""The launcher as a program of its own: what it refuses, and that it is light."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from viewra.process import launcher

pytestmark = pytest.mark.process


def run(parent: int, *argv: str) -> tuple[int, str, str]:
    """Exit status, report and stdout of a launch."""
    report, end = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", launcher.__file__, f"parent={parent}", f"report={end}", "--", *argv],
            pass_fds=(end,),
            capture_output=True,
            text=True,
            timeout=30,
        )
    finally:
        os.close(end)
    with open(report, "rb") as stream:
        return done.returncode, stream.read().decode(), done.stdout


def test_a_launch() -> None:
    assert run(os.getpid(), "/bin/echo", "--", "a b") == (0, "", "-- a b\n")


def test_a_host_that_has_died_meanwhile_gets_no_orphan() -> None:
    status, report, stdout = run(1 if os.getpid() != 1 else 2, "/bin/echo", "alive")
    assert (status, stdout) == (launcher.FAILED, "")
    assert "the host has ended" in report


def test_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(Path(launcher.__file__).read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names
