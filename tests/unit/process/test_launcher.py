"""The launcher as a program of its own: what it refuses, and that it is light."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from viewra.errors import HandshakeError
from viewra.process import Child, LaunchPlan, Spawner, launcher, plugin_environment

pytestmark = pytest.mark.process


def run(parent: int, *argv: str, before: tuple[str, ...] = ("-I", "-S")) -> tuple[int, str, str]:
    """Exit status, report and stdout of a launch; ``before`` is what Python is given before the launcher's path."""
    report, end = os.pipe()
    plan = {"parent": parent, "tied": True, "report": end, "executable": None, "script": False, "user_site": ""}
    try:
        done = subprocess.run(
            [sys.executable, *before, launcher.__file__, json.dumps(plan), *argv],
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
    status, report, stdout = run(os.getpid(), "/bin/echo", "--", "a b")
    assert (status, stdout) == (0, "-- a b\n")
    first, *others = report.splitlines()
    assert first.startswith("pid ")
    assert others == ["exit 0", "done "]


def test_a_host_that_has_died_meanwhile_gets_no_orphan() -> None:
    status, report, stdout = run(1 if os.getpid() != 1 else 2, "/bin/echo", "alive")
    assert (status, stdout) == (launcher.FAILED, "")
    assert "the process that starts it has ended" in report


IGNORES_ALL = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None)
action = ctypes.create_string_buffer((1).to_bytes(8, sys.byteorder), 32)  # SIG_IGN
for number in range(1, 65):
    libc.syscall({"x86_64": 13, "aarch64": 134}[os.uname().machine], number, action, None, ctypes.c_size_t(8))
os.execv(sys.executable, [sys.executable, "-I", "-S", *sys.argv[1:]])
"""


@pytest.mark.skipif(os.uname().machine not in {"x86_64", "aarch64"}, reason="another machine's system calls")
def test_a_plugin_inherits_no_signal_as_ignored() -> None:
    """CPython 3.13's ``subprocess`` may start a program with signals ignored that its C library keeps for itself."""
    status, _, stdout = run(os.getpid(), "/bin/grep", "SigIgn", "/proc/self/status", before=("-c", IGNORES_ALL))
    assert (status, stdout.split()) == (0, ["SigIgn:", "0" * 16])


def test_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(Path(launcher.__file__).read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def run_script(spawner: Spawner, script: Path, **extra: str) -> tuple[Child, list[str], list[str]]:
    """A Python plugin run within the launcher's own interpreter: the child after its end, its stdout and stderr."""
    heard: dict[str, list[str]] = {"stdout": [], "stderr": []}
    plan = LaunchPlan((sys.executable, str(script)), plugin_environment(extra), script=True)
    child = spawner.launch(plan, on_line=lambda stream, text: heard[stream].append(text))
    assert child.wait(30) is not None
    return child, heard["stdout"], heard["stderr"]


def test_a_script_finds_itself_as_if_it_had_been_started_alone(spawner: Spawner, tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    (tmp_path / "beside.py").write_text("NAME = 'beside'")
    script.write_text(
        "import beside, grpc, pickle, signal, sys, viewra\n"
        "class Here: pass\n"
        "pickle.loads(pickle.dumps(Here()))\n"
        "print(__name__, __file__ == sys.argv[0], len(sys.argv), beside.NAME, sys.path[0])\n"
        "print(signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN, sys.stdout.write_through, sys.pycache_prefix)\n"
    )
    child, stdout, stderr = run_script(spawner, script, PYTHONPYCACHEPREFIX=str(tmp_path / "cache"))
    assert (child.returncode, stderr) == (0, [])
    assert stdout == [f"__main__ True 1 beside {tmp_path}", f"True True {tmp_path / 'cache'}"]


def test_what_a_script_raises_shows_its_own_lines_alone(spawner: Spawner, tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text("def fail():\n    raise ValueError('no')\nfail()\n")
    child, _, stderr = run_script(spawner, script)
    assert child.returncode == 1
    assert (stderr[0], stderr[-1]) == ("Traceback (most recent call last):", "ValueError: no")
    assert str(script) in stderr[1]
    assert not any("launcher" in line for line in stderr)


@pytest.mark.parametrize(
    ("program", "status"), [("raise SystemExit(3)", 3), ("import sys; sys.exit()", 0), ("x = ", 1)]
)
def test_how_a_script_ends(spawner: Spawner, tmp_path: Path, program: str, status: int) -> None:
    script = tmp_path / "main.py"
    script.write_text(program)
    assert run_script(spawner, script)[0].returncode == status


def test_a_script_that_is_not_there(spawner: Spawner, tmp_path: Path) -> None:
    child = run_script(spawner, tmp_path / "main.py")[0]
    with pytest.raises(HandshakeError, match=r"main\.py: No such file") as caught:
        child.handshake_line(1)
    assert caught.value.step == "spawn"
