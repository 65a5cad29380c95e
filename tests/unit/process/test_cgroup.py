"""Control groups in a fake tree of files: what is found, what is written, and how a breach is read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from viewra.process import LaunchPlan, Spawner, plugin_environment
from viewra.process.sandbox.cgroup import Group, Groups, find


class Tree:
    """As systemd delegates a group to a unit: with all controllers, and with the host's process in it."""

    def __init__(self, folder: Path, *, root: str = "/") -> None:
        self.proc = folder / "proc"
        self.mount = folder / "with space"
        self.base = self.mount / "user.slice" / "viewra.service"
        self.base.mkdir(parents=True)
        self.proc.mkdir()
        at = str(self.mount).replace(" ", r"\040")
        (self.proc / "cgroup").write_text("4:memory:/a\n0::/user.slice/viewra.service\n")
        (self.proc / "mountinfo").write_text(
            f"24 1 0:22 / /proc rw - proc proc rw\n30 24 0:26 {root} {at} rw,nosuid - cgroup2 cgroup2 rw\n"
        )
        self.write("cgroup.controllers", "cpuset cpu io memory pids\n")
        self.write("cgroup.subtree_control", "\n")
        self.write("cgroup.procs", f"{os.getpid()}\n")
        self.write("cgroup.type", "domain\n")

    def write(self, name: str, text: str) -> None:
        (self.base / name).write_text(text)

    def read(self, name: str) -> str:
        return (self.base / name).read_text()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_delegated_group_is_found_and_nothing_is_changed(tree: Tree) -> None:
    place = find(tree.proc)
    assert (place.base, place.controllers, place.reason) == (tree.base, ("memory", "pids", "cpu"), "")
    assert tree.read("cgroup.subtree_control") == "\n"


def test_a_container_sees_its_part_of_the_tree(tmp_path: Path) -> None:
    tree = Tree(tmp_path, root="/user.slice")
    (tree.proc / "cgroup").write_text("0::/user.slice/viewra.service\n")
    tree.base.rename(tree.mount / "viewra.service")
    assert find(tree.proc).base == tree.mount / "viewra.service"


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("cgroup.controllers", "hugetlb\n", "has no controllers"),
        ("cgroup.procs", f"{os.getpid()}\n1\n", "has other processes than viewra"),
    ],
    ids=("controllers", "processes"),
)
def test_a_group_that_cannot_be_used_says_why(tree: Tree, name: str, text: str, why: str) -> None:
    tree.write(name, text)
    place = find(tree.proc)
    assert why in place.reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_group_of_somebody_else_is_not_delegated(tree: Tree) -> None:
    tree.base.chmod(0o500)
    assert "is not delegated" in find(tree.proc).reason


def test_there_may_be_no_tree(tmp_path: Path) -> None:
    assert find(tmp_path).reason == "no tree of version 2 is mounted"


def test_the_host_moves_to_a_group_of_its_own_once(tree: Tree) -> None:
    Groups(find(tree.proc))
    assert tree.read("viewra-host/cgroup.procs") == f"{os.getpid()}"
    assert tree.read("cgroup.subtree_control") == "+memory +pids +cpu"
    (tree.proc / "cgroup").write_text("0::/user.slice/viewra.service/viewra-host\n")
    assert find(tree.proc).base == tree.base  # a second host of this process


def test_a_host_in_a_group_that_is_set_up_stays_where_it_is(tree: Tree) -> None:
    tree.write("cgroup.subtree_control", "cpu memory pids\n")
    tree.write("cgroup.procs", "1\n2\n")
    Groups(find(tree.proc))
    assert not (tree.base / "viewra-host").exists()


def made(tree: Tree, **limits: float) -> Group:
    return Groups(find(tree.proc)).new(limits, 320)


def test_limits_are_written_in_the_kernels_units(tree: Tree) -> None:
    group = made(tree, memory_mb=200, cpu_percent=50.0)
    written = {one.name: one.read_text() for one in group.path.iterdir()}
    assert written == {
        "memory.max": "209715200",
        "memory.oom.group": "1",
        "memory.swap.max": "0",
        "cpu.max": "50000 100000",
        "pids.max": "320",
    }
    assert group.holds("memory_mb")
    assert group.holds("cpu_percent")
    assert not group.holds("open_files")


def test_only_controllers_that_are_there_are_used(tree: Tree) -> None:
    tree.write("cgroup.controllers", "pids\n")
    group = made(tree, memory_mb=200, cpu_percent=50)
    assert [one.name for one in group.path.iterdir()] == ["pids.max"]
    assert not group.holds("memory_mb")


def test_the_least_share_is_what_the_kernel_takes(tree: Tree) -> None:
    assert (made(tree, cpu_percent=0.01).path / "cpu.max").read_text() == "1000 100000"


def test_an_end_for_want_of_memory_is_told_after_the_group_is_gone(tree: Tree) -> None:
    group = made(tree, memory_mb=200)
    (group.path / "memory.events").write_text("low 0\noom 1\noom_kill 0\n")
    assert group.breach == ""
    (group.path / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")
    group.close()
    for file in group.path.iterdir():
        file.unlink()
    assert group.breach == "used all of its memory and was ended by the kernel, its limit is 200 MB"


def test_a_group_is_killed_at_once(tree: Tree) -> None:
    group = made(tree)
    group.kill()
    assert (group.path / "cgroup.kill").read_text() == "1"


def test_what_a_killed_host_left_is_removed(tree: Tree) -> None:
    (tree.base / "viewra-1-1").mkdir()
    Groups(find(tree.proc))
    assert not (tree.base / "viewra-1-1").exists()


def _unified() -> Path:
    for root in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")):
        if (root / "cgroup.controllers").exists():
            return root
    return Path()


@pytest.mark.process
def test_a_process_enters_its_group_before_it_runs_and_ends_with_it(tmp_path: Path) -> None:
    path = _unified() / f"viewra-test-{os.getpid()}"
    try:
        path.mkdir()
    except OSError as error:
        pytest.skip(f"this process may make no real group: {error}")
    group, spawner = Group(path, ()), Spawner()
    lines: list[str] = []
    try:
        code = "import time; print(open('/proc/self/cgroup').read(), '1|1|unix|/s|grpc', sep='\\n'); time.sleep(60)"
        plan = LaunchPlan((sys.executable, "-u", "-c", code), plugin_environment({}), door=group.door)
        child = spawner.launch(plan, on_line=lambda _, text: lines.append(text))
        child.handshake_line(30)
        assert any(line.startswith("0::") and line.endswith(path.name) for line in lines)
        group.kill()
        child.wait(60)
        assert child.describe_exit() == "SIGKILL"
    finally:
        spawner.close()
        group.close()
    assert not path.exists()
