"""The watchdog ends a process that exceeds a limit once, with the usage and the limit as the reason."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from viewra.host.running.limits import tasks
from viewra.host.running.run import Run
from viewra.host.running.status import ResourceSample
from viewra.host.running.watchdog import CPU_S, DISK_EVERY_S, MB, Watchdog, folder_bytes, resident
from viewra.host.sync.background import Background
from viewra.manifest import Runtime


class AtOnce:
    """Work that is done at once."""

    def start(self, name: str, work: Any) -> None:
        del name
        work()


class Watched:
    """A watchdog with what it is told, and what it measures."""

    def __init__(self) -> None:
        self.now, self.memory, self.disk = 0.0, 10 * MB, 0
        self.told: list[tuple[object, str]] = []
        self.samples: list[ResourceSample] = []
        self.dog = Watchdog(
            Path("/nowhere"),
            lambda run, reason: self.told.append((run, reason)),
            cast(Background, AtOnce()),
            memory=lambda _pid: self.memory,
            disk=lambda _folder: self.disk,
            now=lambda: self.now,
        )

    def tick(self, *runs: Run, **limits: float) -> None:
        self.dog.tick(runs, lambda _pid: self.samples, Runtime(limits=limits))


def run(backend: str = "landlock+seccomp") -> Run:
    found = SimpleNamespace(
        spec=SimpleNamespace(sandbox=SimpleNamespace(backend=backend)),
        process=SimpleNamespace(pid=1),
        group=None,
        scratch=None,
    )
    return cast(Run, _Hashed(found.__dict__))


class _Hashed(SimpleNamespace):
    """Known by itself, as a run is."""

    def __init__(self, fields: dict[str, object]) -> None:
        super().__init__(**fields)

    __hash__ = object.__hash__  # type: ignore[assignment]


def sample(*, cpu_percent: float = 0.0, rss_mb: float = 10, processes: int = 1, threads: int = 1) -> ResourceSample:
    return ResourceSample(0.0, cpu_percent, int(rss_mb * MB), threads, 1, processes, 0, 0)


@pytest.mark.parametrize(
    ("limits", "samples", "reason"),
    [
        ({"memory_mb": 5.0}, [], "used 10 MB of memory, its limit is 5 MB"),
        ({"memory_mb": 10.0}, [], ""),
        ({"memory_mb": 20.0}, [sample(rss_mb=21)], "used 21 MB of memory, its limit is 20 MB"),
        ({"processes": 2.0}, [sample(processes=3)], "had 3 processes, its limit is 2"),
        ({"processes": 3.0}, [sample(processes=3)], ""),
        (
            {"cpu_percent": 50.0},
            [sample(cpu_percent=60)] * (CPU_S + 1),
            f"used 60 % of a processor for {CPU_S} s, its limit is 50 %",
        ),
        ({"cpu_percent": 50.0}, [sample(cpu_percent=60)] * CPU_S, ""),
        ({"cpu_percent": 50.0}, [sample(cpu_percent=50)] * (CPU_S + 1), ""),
        ({"processes": 2.0}, [sample(threads=tasks({"processes": 2}))], ""),
        ({"cpu_percent": 50.0}, [*[sample()] * CPU_S, sample(cpu_percent=400)], ""),
    ],
)
def test_a_breach_has_its_figures(limits: dict[str, float], samples: list[ResourceSample], reason: str) -> None:
    watched, one = Watched(), run()
    watched.samples = samples
    watched.tick(one, **limits)
    watched.tick(one, **limits)
    assert watched.told == ([(one, reason)] if reason else [])


def test_without_a_limit_of_processes_there_is_none_of_threads() -> None:
    assert Watched().dog.breach(1, [sample(threads=10_000)], {}) == ""


def test_each_process_is_told_of_once() -> None:
    watched, one, other = Watched(), run(), run()
    for _ in range(3):
        watched.tick(one, other, memory_mb=5.0)
    assert {one, other} == {told for told, _ in watched.told}
    assert len(watched.told) == 2


def test_what_its_manifest_does_not_say_holds_in_a_sandbox_alone() -> None:
    watched, confined, free = Watched(), run(), run("off")
    watched.memory = 2000 * MB
    watched.tick(confined, free)
    assert [one for one, _ in watched.told] == [confined]


def test_its_folder_is_looked_at_from_time_to_time() -> None:
    watched, one = Watched(), run()
    watched.disk = MB
    watched.tick(one, disk_mb=1.0)
    assert watched.dog.disk_bytes == MB
    watched.disk = 3 * MB
    watched.tick(one, disk_mb=1.0)
    assert (watched.dog.disk_bytes, watched.told) == (MB, [])
    watched.now += DISK_EVERY_S
    watched.tick(one, disk_mb=1.0)
    ((told, reason),) = watched.told
    assert told is one
    assert reason.startswith("has 3 MB in its folder")


def test_it_measures_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    (folder / "sub").mkdir(parents=True)
    outside.write_bytes(b"x" * 5_000_000)
    files = [folder / "sub" / "a", folder / "sub" / "b", folder / "c"]
    for file in files:
        file.write_bytes(b"x" * 100_000)
    (folder / "link").symlink_to(outside)
    (folder / "folder").symlink_to("/usr")
    assert folder_bytes(folder) == sum(file.lstat().st_blocks for file in (*files, folder / "link")) * 512
    assert folder_bytes(folder / "none") == 0
    real = os.stat

    def stat(name: str, **named: Any) -> os.stat_result:
        if name == "c":
            raise FileNotFoundError(2, "removed meanwhile")
        return real(name, **named)

    monkeypatch.setattr(os, "stat", stat)
    (folder / "link").unlink()
    assert folder_bytes(folder) == sum(file.lstat().st_blocks for file in files[:2]) * 512, "what is below is counted"


def test_it_measures_a_process() -> None:
    before = resident(os.getpid())
    block = b"x" * (64 * MB)
    assert 48 * MB < resident(os.getpid()) - before < 80 * MB
    del block
    assert resident(2**22 + 1) == 0
