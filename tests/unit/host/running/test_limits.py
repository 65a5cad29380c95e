"""A plugin's resource limits: stated ones, the host's caps, and the watchdog."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.errors import UsageError
from viewra.host.running.limits import DEFAULTS, NAMES, beyond, caps_of, limits_of, rlimits, tasks, within
from viewra.host.running.status import ResourceSample
from viewra.host.running.watchdog import Watchdog
from viewra.manifest import Runtime
from viewra.process.sandbox.cgroup import Group

MB = 1024 * 1024
NOTHING = ResourceSample(0.0, 0.0, 0, 1, 0, 1, 0, 0)


@given(
    stated=st.dictionaries(st.sampled_from(NAMES), st.integers(1, 5000)),
    caps=st.dictionaries(st.sampled_from(NAMES), st.integers(1, 5000)),
)
def test_caps_hold_over_what_is_stated_and_over_defaults(stated: dict[str, float], caps: dict[str, float]) -> None:
    runtime = Runtime(limits=stated)
    held = limits_of(within(runtime, caps))
    for name in NAMES:
        wanted = {**DEFAULTS, **stated}.get(name)
        if name in caps:
            assert held[name] == min(caps[name], wanted if wanted is not None else caps[name])
        else:
            assert held.get(name) == wanted
    assert beyond(runtime, caps) == {name: most for name, most in stated.items() if most > caps.get(name, most)}


def test_caps_are_read_from_words() -> None:
    assert caps_of(["memory_mb=512", "cpu_percent=12.5"]) == {"memory_mb": 512, "cpu_percent": 12.5}
    most = 2**40 - 1
    assert caps_of(["processes=1", f"disk_mb={most}"]) == {"processes": 1, "disk_mb": most}


@pytest.mark.parametrize(
    "wrong",
    ["memory_mb", "memory_mb=", "memory_mb=0", "memory_mb=-1", "memory_mb=1.5", "processes=x", f"disk_mb={2**40}"],
)
def test_a_cap_that_is_no_number_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="a cap is a whole number above 0"):
        caps_of([wrong])


def test_a_cap_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no limit 'memroy_mb'") as refused:
        caps_of(["memroy_mb=1"])
    assert refused.value.hint == "did you mean memory_mb?"
    with pytest.raises(UsageError) as refused:
        caps_of(["x=1"])
    assert refused.value.hint == f"there are: {', '.join(NAMES)}"


def test_tasks_of_a_user_of_its_own_are_the_plugins_alone(tmp_path: Path) -> None:
    (tmp_path / "loadavg").write_text("0.1 0.2 0.3 2/5000 77\n")
    runtime = Runtime(limits={"processes": 4}, workers=2)
    own = 2 * 2 * tasks({"processes": 4})
    assert dict(rlimits(runtime, 61000, loadavg=tmp_path / "loadavg"))[resource.RLIMIT_NPROC] == own
    assert dict(rlimits(runtime, None, loadavg=tmp_path / "loadavg"))[resource.RLIMIT_NPROC] == own + 1024 + 5000


def test_one_process_a_processor_where_the_manifest_leaves_their_number_to_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runtime = Runtime(limits={"processes": 4}, workers="auto")
    for processors, workers in [(3, 3), (None, 1)]:
        monkeypatch.setattr(os, "cpu_count", lambda found=processors: found)
        assert dict(rlimits(runtime, 61000))[resource.RLIMIT_NPROC] == 2 * workers * tasks({"processes": 4})


HOSTS = {resource.RLIMIT_NOFILE: 100, resource.RLIMIT_FSIZE: 3 * MB}
"""What the host itself is held to; nothing else is."""


@pytest.mark.parametrize(
    ("stated", "files", "written"),
    [
        ({}, 100, 3 * MB),
        ({"open_files": 60, "file_mb": 2}, 60, 2 * MB),
        ({"open_files": 1}, 32, 3 * MB),
    ],
)
def test_the_kernel_holds_a_process_to_its_limits_and_to_those_of_the_host(
    monkeypatch: pytest.MonkeyPatch, stated: dict[str, float], files: int, written: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda number: (1, HOSTS.get(number, resource.RLIM_INFINITY)))
    held = dict(rlimits(Runtime(limits={"memory_mb": 200, **stated}), 61000))
    assert held.pop(resource.RLIMIT_NPROC) > 0
    assert held == {
        resource.RLIMIT_DATA: (200 + 512) * MB,
        resource.RLIMIT_NOFILE: files,
        resource.RLIMIT_FSIZE: written,
        resource.RLIMIT_CORE: 0,
    }


@attrs.define(eq=False)
class FakeRun:
    """As much of a run as the watchdog looks at."""

    group: Group | None = None
    scratch: Path | None = None
    process: Any = attrs.field(factory=lambda: SimpleNamespace(pid=7))
    spec: Any = attrs.field(factory=lambda: SimpleNamespace(sandbox=SimpleNamespace(backend="landlock+seccomp")))


class Now:
    """Does the work at once."""

    def start(self, name: str, work: Callable[[], object]) -> None:
        del name
        work()


def told(run: FakeRun, sample: ResourceSample, memory: int = 0, disk: int = 0, **limits: float) -> list[str]:
    """What the watchdog says of a run that has used as much for a while."""
    reasons: list[str] = []
    dog = Watchdog(
        Path("own"),
        lambda _, reason: reasons.append(reason),
        Now(),  # type: ignore[arg-type]  # as much of it as is used
        memory=lambda _: memory,
        disk=lambda _: disk,
    )
    for _ in range(2):
        dog.tick([run], lambda _: [sample] * 20, Runtime(limits=limits))  # type: ignore[list-item]
    return reasons


@pytest.mark.parametrize(
    ("used", "said"),
    [
        ({"cpu_percent": 90.0}, "used 90 % of a processor for 10 s, its limit is 50 %"),
        ({"processes": 9}, "had 9 processes, its limit is 8"),
        ({"threads": 800}, "had 800 threads, its limit is 384 with all its processes"),
        ({"rss_bytes": 300 * MB}, "used 300 MB of memory, its limit is 200 MB"),
        ({}, ""),
    ],
)
def test_a_breach_is_told_once(used: dict[str, Any], said: str) -> None:
    sample = attrs.evolve(NOTHING, **used)
    assert told(FakeRun(), sample, cpu_percent=50, processes=8, memory_mb=200) == ([said] if said else [])


def test_what_a_control_group_holds_the_watchdog_leaves_to_it(tmp_path: Path) -> None:
    run = FakeRun(Group(tmp_path, ("memory", "cpu")))
    sample = attrs.evolve(NOTHING, cpu_percent=101.0, rss_bytes=300 * MB)
    assert told(run, sample, memory=300 * MB, cpu_percent=100, memory_mb=200) == []
    assert told(FakeRun(Group(tmp_path, ("pids",))), sample, cpu_percent=100, memory_mb=900) != []


def test_temporary_files_count_for_the_disk() -> None:
    assert told(FakeRun(), NOTHING, disk=15 * MB, disk_mb=20) == []
    said = told(FakeRun(scratch=Path("scratch")), NOTHING, disk=15 * MB, disk_mb=20)
    assert said == ["has 30 MB in its folders, its limit is 20 MB"]
