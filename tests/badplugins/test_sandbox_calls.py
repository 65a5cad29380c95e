"""System calls that Python cannot make, by a small program in C: a filter that only knows one table is none."""

from __future__ import annotations

import functools
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.badplugins.as_user import USERS, answer_of
from viewra.process.sandbox.machine import machine

COMPILER = shutil.which("cc") or shutil.which("gcc")
if COMPILER is None and os.environ.get("VIEWRA_REQUIRE_CC"):
    raise RuntimeError("VIEWRA_REQUIRE_CC is set, and there is no C compiler")

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(COMPILER is None, reason="there is no C compiler"),
    pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-"),
]

HERE = Path(__file__).parent / "sandbox"
CALLS = re.findall(r'\{"(\w+)", \w+, 0\}', (HERE / "calls.c").read_text())
ABSENT = {"namespace_by_clone3", "newer"}
"""What the kernel seems not to have: a library then falls back to what it knows."""
BY_LANDLOCK = {"open_by_openat2", "signal_by_a_handle"}

# What the system itself forbids everybody but root.
ROOTS = {
    *("open_a_file_by_a_handle", "namespace_of_mounts", "join_a_namespace", "mount", "copy_a_tree_of_mounts"),
    *("open_a_file_system", "become_root"),
}
# What a machine may not have, or forbid to ordinary users or in a container.
LACKING = {
    "name_a_file_by_a_handle": {"EOPNOTSUPP", "ENOTSUP"},
    "open_a_file_by_a_handle": {"EOPNOTSUPP", "ENOTSUP", "EPERM"},
    "load_a_map_of_bpf": {"EPERM", "ENOSYS"},
    "count_events": {"EPERM", "EACCES", "ENOSYS", "ENOENT"},
    "start_a_ring": {"EPERM", "ENOSYS"},
    "handle_faults": {"EPERM", "ENOSYS"},
    "compare_processes": {"ENOSYS"},
    "watch_all_files": {"EPERM", "ENOSYS"},
    "set_an_attribute": {"ENOSYS", "EOPNOTSUPP", "ENOTSUP"},
    "chmod_by_fchmodat2": {"ENOSYS"},
    "hide_memory": {"ENOSYS"},
    "queue_of_posix": {"ENOSYS"},
    "mount": {"EPERM"},
    "namespace_of_mounts": {"EPERM"},
    "join_a_namespace": {"EPERM"},
    "copy_a_tree_of_mounts": {"EPERM"},
    "open_a_file_system": {"EPERM"},
    "namespace_by_clone": {"EPERM", "ENOSPC"},
    "namespace_by_clone3": {"EPERM", "ENOSPC", "ENOSYS"},
    "namespace_of_users": {"EPERM", "ENOSPC"},
    "namespace_of_networks": {"EPERM", "ENOSPC"},
    "mount_in_a_namespace": {"EPERM", "ENOSPC", "EACCES"},
}


@functools.cache
def program() -> Path:
    """Compiled once, in a folder that any user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="vc"))
    folder.chmod(0o755)
    assert COMPILER is not None
    subprocess.run([COMPILER, "-pthread", "-o", folder / "calls", HERE / "calls.c"], check=True)
    return folder / "calls"


@pytest.fixture(scope="module", autouse=True)
def _removed() -> Iterator[None]:
    yield
    shutil.rmtree(program().parent)
    program.cache_clear()


@functools.cache
def table(user: str, how: str) -> dict[str, str]:
    """What came of each call."""
    answer: dict[str, str] = json.loads(answer_of(user, HERE / "calls_host.py", str(program()), "FOLDER", how))
    return answer


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_fails(user: str, call: str) -> None:
    if call == "become_root" and user == "ordinary":
        pytest.skip("it never was root")
    expected = "ENOSYS" if call in ABSENT else "EACCES" if call in BY_LANDLOCK else "EPERM"
    assert table(user, "confined")[call] == expected


@pytest.mark.parametrize(
    ("user", "call"), [(user, one) for user in USERS for one in CALLS if user == "root" or one not in ROOTS]
)
def test_it_succeeds_outside(user: str, call: str) -> None:
    result = table(user, "free")[call]
    if result in LACKING.get(call, ()):
        pytest.skip(f"this machine has nothing to do {call} by: {result}")
    assert result == "done"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the second tables of system calls are x86-64's")
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("call", ["x32", "int80"])
def test_calls_of_another_table_are_deadly(user: str, call: str) -> None:
    assert table(user, "confined")[call] == "SIGSYS"
    assert table(user, "free")[call] != "SIGSYS"


@pytest.mark.parametrize("user", USERS)
def test_a_call_that_is_newer_than_the_filter_is_absent(user: str) -> None:
    assert table(user, "confined")["newer"] == "ENOSYS"
