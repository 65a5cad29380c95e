"""What confines a process, as it is compiled: a filter is run by an interpreter of its instructions."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.process.sandbox import landlock, seccomp
from viewra.process.sandbox.bpf import ALLOW, KILL, OWN_PID, TELL, refuse
from viewra.process.sandbox.machine import Machine
from viewra.process.sandbox.rules import Rules, confinement, outside
from viewra.process.sandbox.syscalls import ARCHITECTURES, NEWEST, Architecture

X86, ARM = ARCHITECTURES["x86_64"], ARCHITECTURES["aarch64"]
EPERM = refuse(errno.EPERM)


def run(program: bytes, number: int, *arguments: int, audit: int = X86.audit) -> int:
    """The verdict of a filter on a call, as the kernel would come to it."""
    data = struct.pack("=IIQ6Q", number, audit, 0, *(one & (1 << 64) - 1 for one in (*arguments, *[0] * 6)[:6]))
    code = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    at = value = 0
    for _ in range(len(code)):
        operation, yes, no, constant = code[at]
        at += 1
        if operation == 0x20:
            (value,) = struct.unpack_from("=I", data, constant)
        elif operation == 0x54:
            value &= constant
        elif operation == 0x06:
            return int(constant)
        else:
            holds = {0x15: value == constant, 0x25: value > constant, 0x45: bool(value & constant)}[operation]
            at += yes if holds else no
    raise AssertionError("the filter does not end")


@pytest.mark.parametrize("machine", [X86, ARM])
@given(number=st.integers(0, NEWEST), arguments=st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_every_call_gets_a_verdict(machine: Architecture, number: int, arguments: list[int]) -> None:
    verdict = run(seccomp.program(machine, seccomp.Calls()), number, *arguments, audit=machine.audit)
    assert verdict in {ALLOW, EPERM, seccomp.ABSENT}


def test_foreign_calls_are_deadly_and_newer_ones_absent() -> None:
    program = seccomp.program(X86, seccomp.Calls())
    assert run(program, 0, audit=ARM.audit) == KILL
    assert run(program, 0x40000000) == KILL
    assert run(program, NEWEST + 1) == seccomp.ABSENT


@pytest.mark.parametrize(
    ("name", "arguments", "calls", "verdict"),
    [
        ("connect", (), seccomp.Calls(), EPERM),
        ("connect", (), seccomp.Calls(connects=True), TELL),
        ("socket", (1, 1), seccomp.Calls(), ALLOW),
        ("socket", (1, 1 | 0o2000000), seccomp.Calls(), ALLOW),
        ("socket", (1, 2), seccomp.Calls(), EPERM),
        ("socket", (2, 1), seccomp.Calls(), EPERM),
        ("socket", (2, 1), seccomp.Calls(network=True), ALLOW),
        ("socket", (2, 2), seccomp.Calls(network=True), EPERM),
        ("socket", (2, 2), seccomp.Calls(network=True, datagrams=True), ALLOW),
        ("socket", (2, 1, 262), seccomp.Calls(network=True), EPERM),
        ("socket", (16, 3), seccomp.Calls(network=True, datagrams=True), EPERM),
        ("socketpair", (1, 2), seccomp.Calls(), EPERM),
        ("sendto", (3, 0, 0, 0x20000000), seccomp.Calls(network=True), EPERM),
        ("clone", (0x10000,), seccomp.Calls(), ALLOW),
        ("clone", (17,), seccomp.Calls(), EPERM),
        ("clone", (17,), seccomp.Calls(spawn=True), ALLOW),
        ("clone", (17 | 0x10000000,), seccomp.Calls(spawn=True), EPERM),
        ("clone3", (), seccomp.Calls(spawn=True), seccomp.ABSENT),
        ("prlimit64", (0,), seccomp.Calls(), ALLOW),
        ("prlimit64", (OWN_PID,), seccomp.Calls(), ALLOW),
        ("prlimit64", (1,), seccomp.Calls(), EPERM),
        ("kill", (1,), seccomp.Calls(), ALLOW),
        ("kill", (1,), seccomp.Calls(scoped=False), EPERM),
        ("kill", (OWN_PID,), seccomp.Calls(scoped=False), ALLOW),
        ("truncate", (), seccomp.Calls(), ALLOW),
        ("truncate", (), seccomp.Calls(truncates=False), EPERM),
        ("chmod", (), seccomp.Calls(), EPERM),
        ("chmod", (), seccomp.Calls(metadata=True), ALLOW),
        ("ioctl", (0, 0x5412), seccomp.Calls(), EPERM),
        ("ioctl", (0, 0x5413), seccomp.Calls(), ALLOW),
    ],
)
def test_a_verdict(name: str, arguments: tuple[int, ...], calls: seccomp.Calls, verdict: int) -> None:
    assert run(seccomp.program(X86, calls), X86.calls[name], *arguments) == verdict
    if name in ARM.calls:
        assert run(seccomp.program(ARM, calls), ARM.calls[name], *arguments, audit=ARM.audit) == verdict


def test_the_tables_agree_where_the_kernel_has_one() -> None:
    for name in X86.calls.keys() & ARM.calls.keys():
        if X86.calls[name] >= 424:
            assert X86.calls[name] == ARM.calls[name], name


@pytest.mark.parametrize(("abi", "size"), [(1, 8), (3, 8), (4, 16), (5, 16), (6, 24), (7, 24)])
def test_a_ruleset_asks_for_what_the_kernel_knows(abi: int, size: int) -> None:
    rules = landlock.ruleset(abi, {"/a": landlock.WRITE}, bind_ports=(80,))
    assert len(rules.attributes) == size
    handled = int.from_bytes(rules.attributes[:8], "little")
    assert all(rights & handled == rights for _, rights in rules.paths)
    assert bool(rules.ports) == (abi >= landlock.PORTS)


def test_what_is_secret_is_left_out_of_a_folder_that_holds_it(tmp_path: Path) -> None:
    for name in ("music/a", "data/viewra/plugins", "data/else"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to("/")
    secret = [str(tmp_path / "data" / "viewra")]
    expected = [str(tmp_path / "data" / "else"), str(tmp_path / "music")]
    assert list(outside(str(tmp_path), secret)) == expected
    assert list(outside(secret[0], secret)) == []
    assert list(outside(secret[0] + "/plugins", secret)) == []
    assert list(outside(secret[0] + "/plugins", secret, inside=True)) == [secret[0] + "/plugins"]
    (tmp_path / "in").symlink_to(secret[0])
    assert list(outside(str(tmp_path / "in"), secret)) == []


def test_rules_become_a_confinement() -> None:
    here = Machine(X86, 7, filters=True, tells=True, root=False)
    nothing = confinement(Rules(user=61000), here)
    assert (nothing.connections, nothing.user) == (None, None)
    network = confinement(Rules(internet=(443,), sockets=("/s",)), here)
    assert network.connections is not None
    assert (network.connections.internet, network.connections.ports) == (True, (443,))
    assert run(network.filter, X86.calls["connect"]) == TELL
    silent = confinement(Rules(internet=(443,)), Machine(X86, 7, filters=True, tells=False, root=True))
    assert run(silent.filter, X86.calls["connect"]) == EPERM
