"""Compiled sandboxes: an interpreter of the filter's instructions runs each filter."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
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
@settings(deadline=None)  # a filter is compiled for each
@given(number=st.integers(0, NEWEST), arguments=st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_every_call_gets_a_verdict(machine: Architecture, number: int, arguments: list[int]) -> None:
    verdict = run(seccomp.program(machine, seccomp.Calls()), number, *arguments, audit=machine.audit)
    assert verdict in {ALLOW, EPERM, seccomp.ABSENT}


I386, ARM32, X32 = 0x40000003, 0x40000028, 0x40000000


@pytest.mark.parametrize(("machine", "other"), [(X86, ARM), (ARM, X86)])
@settings(deadline=None)  # a filter is compiled for each
@given(number=st.integers(0, NEWEST))
def test_calls_by_another_architectures_numbers_are_deadly(
    machine: Architecture, other: Architecture, number: int
) -> None:
    program = seccomp.program(machine, seccomp.Calls(network=True, datagrams=True, spawn=True, metadata=True))
    for audit in (other.audit, I386, ARM32):
        assert run(program, number, audit=audit) == KILL


@settings(deadline=None)  # a filter is compiled for each
@given(number=st.integers(0, NEWEST))
def test_calls_of_x32_are_deadly(number: int) -> None:
    assert run(seccomp.program(X86, seccomp.Calls(spawn=True)), X32 | number) == KILL
    # There is no second table on the other one, where such a number is only one that nobody knows.
    assert run(seccomp.program(ARM, seccomp.Calls()), X32 | number, audit=ARM.audit) == seccomp.ABSENT


@pytest.mark.parametrize("machine", [X86, ARM])
@settings(deadline=None)  # a filter is compiled for each
@given(number=st.integers(NEWEST + 1, 2**30 - 1))
def test_newer_calls_are_absent(machine: Architecture, number: int) -> None:
    program = seccomp.program(machine, seccomp.Calls())
    assert run(program, number, audit=machine.audit) == seccomp.ABSENT


@pytest.mark.parametrize("machine", [X86, ARM])
@settings(deadline=None)  # a filter is compiled for each
@given(low=st.integers(0, 2**32 - 1), high=st.integers(0, 2**32 - 1))
def test_only_the_half_that_the_kernel_reads_is_judged(machine: Architecture, low: int, high: int) -> None:
    """``socket`` takes ints: what is above 32 bits decides nothing."""
    program = seccomp.program(machine, seccomp.Calls())
    number = machine.calls["socket"]
    verdict = run(program, number, high << 32 | low, 1, audit=machine.audit)
    assert verdict == run(program, number, low, 1, audit=machine.audit)
    assert verdict == (ALLOW if low == 1 else EPERM)


@pytest.mark.parametrize("machine", [X86, ARM])
@pytest.mark.parametrize("calls", [seccomp.Calls(), seccomp.Calls(spawn=True, network=True, datagrams=True)])
def test_nothing_that_must_not_be_is_missing_in_a_table(machine: Architecture, calls: seccomp.Calls) -> None:
    always = (
        "ptrace process_vm_readv process_vm_writev bpf keyctl add_key request_key io_uring_setup userfaultfd mount "
        "perf_event_open unshare setns open_by_handle_at name_to_handle_at memfd_create memfd_secret pidfd_open kcmp "
        "pidfd_getfd pidfd_send_signal chroot pivot_root fsopen open_tree move_mount init_module kexec_load reboot"
    )
    program = seccomp.program(machine, calls)
    for name in always.split():
        assert run(program, machine.calls[name], audit=machine.audit) == EPERM, name


@pytest.mark.parametrize(
    ("machine", "header"),
    [(X86, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), (ARM, "/usr/include/asm-generic/unistd.h")],
)
def test_numbers_are_those_of_the_kernels_headers(machine: Architecture, header: str) -> None:
    """aarch64 has the generic table; what is newer than the header has the same number on both."""
    if not Path(header).exists():
        pytest.skip(f"{header} is not installed")
    lines = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", Path(header).read_text(), re.MULTILINE)
    theirs: dict[str, int] = {}
    for name, number in lines:
        theirs.setdefault(name, int(number))
    for name, number in machine.calls.items():
        assert theirs.get(name, number) == number, name
        assert name in theirs or number > 424, name


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
        ("connect", (), seccomp.Calls(connects_itself=True), ALLOW),
        ("prctl", (1, 0), seccomp.Calls(), EPERM),
        ("prctl", (1, 18), seccomp.Calls(spawn=True), EPERM),
        ("prctl", (1, 9), seccomp.Calls(spawn=True), ALLOW),
        ("prctl", (15, 0), seccomp.Calls(), ALLOW),
        ("tkill", (1,), seccomp.Calls(scoped=False), EPERM),
        ("tgkill", (OWN_PID, 1), seccomp.Calls(scoped=False), ALLOW),
        ("rt_sigqueueinfo", (1,), seccomp.Calls(scoped=False), EPERM),
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
