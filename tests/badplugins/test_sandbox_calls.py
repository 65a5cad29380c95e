"""System calls that Python cannot make, by a small program in C: a filter that only knows one table is none."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from viewra.errors import HandshakeError
from viewra.process import LaunchPlan, Spawner, plugin_environment
from viewra.process.sandbox.confinement import Confinement
from viewra.process.sandbox.machine import machine
from viewra.process.sandbox.rules import Rules, confinement

COMPILER = shutil.which("cc") or shutil.which("gcc")
if COMPILER is None and os.environ.get("VIEWRA_REQUIRE_CC"):
    raise RuntimeError("VIEWRA_REQUIRE_CC is set, and there is no C compiler")

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(COMPILER is None, reason="there is no C compiler"),
    pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the second tables of system calls are x86-64's"),
]

CODE = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **arguments) {
    long answer = 0;
    errno = 0;
    if (!strcmp(arguments[1], "x32")) answer = syscall(0x40000000 | 39);
    if (!strcmp(arguments[1], "int80")) {
        __asm__ volatile("int $0x80" : "=a"(answer) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
    }
    if (!strcmp(arguments[1], "clone3")) answer = syscall(435, NULL, 0);
    if (!strcmp(arguments[1], "newer")) answer = syscall(500);
    if (!strcmp(arguments[1], "vfork")) {
        answer = syscall(SYS_clone, 0x4000L | 0x100L | 17L, 0, 0, 0, 0);
        if (!answer) _exit(0);
    }
    if (!strcmp(arguments[1], "unshare")) answer = unshare(CLONE_NEWUSER);
    if (!strcmp(arguments[1], "capable")) answer = syscall(SYS_setuid, 0) < 0 ? -1 : (long)geteuid() == 0 ? 0 : -1;
    printf("%s\n", answer < 0 ? strerror(errno) : "done");
    return 0;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calls")
    (folder / "calls.c").write_text(CODE)
    assert COMPILER is not None
    subprocess.run([COMPILER, "-o", folder / "calls", folder / "calls.c"], check=True)
    return folder / "calls"


def outcome(program: Path, what: str, confined: bool) -> str:
    lines: list[str] = []
    applied: Confinement | None = None
    if confined:
        user = 61100 if machine().root else None
        applied = confinement(Rules(code=(str(program.parent),), user=user), machine())
    spawner = Spawner()
    try:
        plan = LaunchPlan((str(program), what), plugin_environment({}), confinement=applied)
        child = spawner.launch(plan, on_line=lambda _, text: lines.append(text))
        with pytest.raises(HandshakeError):  # it says no handshake
            child.handshake_line(30)
        child.wait(30)
        return lines[-1] if lines else child.describe_exit()
    finally:
        spawner.close()


@pytest.mark.parametrize("what", ["x32", "int80"])
def test_calls_of_another_table_are_deadly(program: Path, what: str) -> None:
    assert outcome(program, what, confined=True) == "SIGSYS"
    assert outcome(program, what, confined=False) != "SIGSYS"


@pytest.mark.parametrize(
    ("what", "result"),
    [
        ("clone3", "Function not implemented"),
        ("vfork", "Operation not permitted"),
        ("unshare", "Operation not permitted"),
    ],
)
def test_a_call_is_refused(program: Path, what: str, result: str) -> None:
    assert outcome(program, what, confined=True) == result
    assert outcome(program, what, confined=False) != result


def test_a_call_that_is_newer_than_the_filter_is_absent(program: Path) -> None:
    assert outcome(program, "newer", confined=True) == "Function not implemented"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has what it must not get back")
def test_a_program_does_not_become_root_again(program: Path) -> None:
    assert outcome(program, "capable", confined=False) == "done"
    assert outcome(program, "capable", confined=True) != "done"
