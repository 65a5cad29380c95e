"""Attacks that docs/security.md promises to stop, by a plugin in a sandbox and, as a control, by one without.

A host runs as root, with users of their own for plugins, and as an ordinary user, with none.
"""

from __future__ import annotations

import errno
import functools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.badplugins.as_user import USERS, answer_of
from tests.thorough import some
from viewra.process.sandbox.machine import machine

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-")]

Table = Callable[[str, str], dict[str, tuple[str, str]]]

HERE = Path(__file__).parent / "sandbox"
_SOURCES = [(HERE / "attacker" / f"{name}.py").read_text() for name in ("on_files", "on_sockets", "on_processes")]
ATTACKS = [name for source in _SOURCES for name in re.findall(r'yield \(?\s*"([^"]+)"', source)]
ALLOWED = re.findall(r'yield "([^"]+)"', (HERE / "attacker" / "main.py").read_text())

# What the system itself forbids everybody but root.
ROOTS = {
    *("make a device", "change the root", "leave a .pth in the site packages", "write viewra's packages"),
    *("set what the kernel runs after a crash", "leave its control group", "read the kernel's messages"),
    *("open a raw socket", "open a socket of packets", "raise its limit of core dumps"),
    *("raise its limit of open files", "raise its limit of memory"),
}
# What a machine may not have, or a container's root may not do, so that nobody attacks by it: the errors it then gives.
LACKING = {
    "set an attribute": {errno.ENOTSUP},
    "set flags of a file of its own": {errno.ENOTTY, errno.ENOTSUP},
    "read by a wider ruleset": {errno.ENOSYS, errno.EOPNOTSUPP},
    "connect by MPTCP": {errno.EPROTONOSUPPORT, errno.ENOPROTOOPT},
    "connect by TCP fast open": {errno.EOPNOTSUPP},
    "open a UDP socket of version 6": {errno.EAFNOSUPPORT},
    "open a socket of packets": {errno.EAFNOSUPPORT},
    "open a vsock": {errno.EAFNOSUPPORT},
    "open a socket of the kernel's ciphers": {errno.EAFNOSUPPORT},
    "leave its control group": {errno.ENOENT, errno.EROFS, errno.EACCES},
    "set what the kernel runs after a crash": {errno.EROFS, errno.EACCES},
    "read the kernel's messages": {errno.ENOENT, errno.EPERM},
    "make a device": {errno.EPERM},
    "open a raw socket": {errno.EPERM},
    "change the root": {errno.EPERM},
    "raise its limit of core dumps": {errno.EPERM},
    "raise its limit of open files": {errno.EPERM},
    "raise its limit of memory": {errno.EPERM},
}


@pytest.fixture(scope="module")
def table(fresh_database: Path) -> Table:
    """What came of each attack on a host of this user with this sandbox, which runs once."""

    @functools.cache
    def table(user: str, sandbox: str) -> dict[str, tuple[str, str]]:
        answer = json.loads(answer_of(user, HERE / "host.py", "FOLDER", sandbox, str(fresh_database)))
        return {name: (kind, result) for name, (kind, result) in answer.items()}

    return table


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_fails(table: Table, user: str, attack: str) -> None:
    kind, result = table(user, "auto")[attack]
    assert kind == "attack"
    assert result != "done"
    assert "Error" in result


@pytest.mark.parametrize(
    ("user", "attack"), [(user, one) for user in USERS for one in ATTACKS if user == "root" or one not in ROOTS]
)
def test_it_succeeds_outside(table: Table, user: str, attack: str) -> None:
    kind, result = table(user, "bare")[attack]
    number = re.search(r"\[Errno (\d+)\]", result)
    if number is not None and int(number[1]) in LACKING.get(attack, ()):
        pytest.skip(f"this machine has nothing to {attack} by: {result}")
    assert (kind, result) == ("attack", "done")


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_works(table: Table, user: str, name: str) -> None:
    assert table(user, "auto")[name] == ("allowed", "done")


@pytest.mark.parametrize(("user", "version"), some([("ordinary", 5), ("root", 5), ("ordinary", 1)]))
def test_an_older_kernel_stops_all_of_them(table: Table, user: str, version: int) -> None:
    if machine().landlock < version:
        pytest.skip(f"this kernel's Landlock is older than version {version}")
    stops_all(table(user, f"landlock{version}"))


def stops_all(outcomes: dict[str, tuple[str, str]]) -> None:
    assert [name for name in ATTACKS if outcomes[name][1] == "done"] == []
    assert {name: outcomes[name][1] for name in ALLOWED} == dict.fromkeys(ALLOWED, "done")


@pytest.mark.parametrize("user", some(USERS[::-1]))
def test_a_zygote_changes_nothing(table: Table, user: str) -> None:
    stops_all(table(user, "zygote"))


@pytest.mark.parametrize("user", USERS)
def test_bubblewrap_stops_all_of_them(table: Table, user: str) -> None:
    why = answer_of(user, HERE / "can_wrap.py")
    if why:
        pytest.skip(why)
    stops_all(table(user, "bwrap"))


def test_no_attack_has_the_name_of_another(table: Table) -> None:
    assert len(set(ATTACKS)) == len(ATTACKS) == len(table("ordinary", "auto")) - len(ALLOWED)
