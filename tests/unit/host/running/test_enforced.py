"""What operators are told of a sandbox follows from its rules and from the machine."""

from __future__ import annotations

import attrs
import pytest

from viewra.host.running.enforced import enforced
from viewra.process.sandbox.rules import Rules

from .test_confining import ABLE

RULES = Rules(code=("/code",))
ALWAYS = {
    "files: Landlock",
    "metadata of files, sockets, other processes and the kernel: seccomp",
    "memory, open files and sizes of files: rlimits",
}
SCOPED = "signals and abstract sockets: Landlock"
ALONE = "child processes: seccomp"


def told(rules: Rules, landlock: int = 6, tells: bool = True, wrapped: bool = False) -> set[str]:
    lines = enforced(rules, attrs.evolve(ABLE, landlock=landlock, tells=tells), wrapped=wrapped)
    assert len(set(lines)) == len(lines)
    return set(lines) - ALWAYS


def test_what_holds_for_all_is_always_told() -> None:
    assert set(enforced(RULES, ABLE, wrapped=False)) >= ALWAYS
    assert told(RULES) == {SCOPED, ALONE}


@pytest.mark.parametrize(("landlock", "mechanism"), [(5, "seccomp"), (6, "Landlock"), (7, "Landlock")])
def test_signals_are_held_by_landlock_where_it_can(landlock: int, mechanism: str) -> None:
    assert told(RULES, landlock) == {f"signals and abstract sockets: {mechanism}", ALONE}


def test_one_that_may_start_processes_is_told_so() -> None:
    assert told(attrs.evolve(RULES, spawn=True)) == {SCOPED, "child processes: allowed"}


def test_connections_are_judged_unless_bwrap_holds_them() -> None:
    rules = attrs.evolve(RULES, internet=(443,))
    assert told(rules) == {SCOPED, ALONE, "connections: judged by the guardian"}
    bwrap = "visible files, processes and interfaces: bwrap"
    assert told(rules, wrapped=True) == {SCOPED, ALONE, bwrap, "connections: Landlock"}
    assert told(RULES, wrapped=True, tells=False) == {SCOPED, ALONE, bwrap}


def test_a_kernel_that_does_not_tell_refuses_the_brokers_connections() -> None:
    (line,) = told(RULES, tells=False) - {SCOPED, ALONE}
    assert line.startswith("go-plugin's broker: its connections are refused")


@pytest.mark.parametrize(("write", "right"), [((), "CAP_DAC_READ_SEARCH"), (("/music",), "CAP_DAC_OVERRIDE")])
def test_a_user_of_its_own_is_told_with_its_rights(write: tuple[str, ...], right: str) -> None:
    (line,) = told(attrs.evolve(RULES, user=60600, write=write)) - {SCOPED, ALONE}
    assert line.startswith("user: 60600, with the right to ")
    assert right in line
