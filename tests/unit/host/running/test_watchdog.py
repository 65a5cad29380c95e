"""The watchdog ends a process that exceeds a limit once, with the usage and the limit as the reason."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

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


def sample(*, cpu_percent: float = 0.0, rss_mb: float = 10, processes: int = 1) -> ResourceSample:
    return ResourceSample(0.0, cpu_percent, int(rss_mb * MB), 1, 1, processes, 0, 0)


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
        ({"cpu_percent": 50.0}, [*[sample()] * CPU_S, sample(cpu_percent=400)], ""),
    ],
)
def test_a_breach_has_its_figures(limits: dict[str, float], samples: list[ResourceSample], reason: str) -> None:
    watched, one = Watched(), run()
    watched.samples = samples
    watched.tick(one, **limits)
    watched.tick(one, **limits)
    assert watched.told == ([(one, reason)] if reason else [])


def test_what_its_manifest_does_not_say_holds_in_a_sandbox_alone() -> None:
    watched, confined, free = Watched(), run(), run("off")
    watched.memory = 2000 * MB
    watched.tick(confined, free)
    assert [one for one, _ in watched.told] == [confined]


def test_its_folder_is_looked_at_from_time_to_time() -> None:
    watched, one = Watched(), run()
    watched.tick(one, disk_mb=1.0)
    watched.disk = 3 * MB
    watched.tick(one, disk_mb=1.0)
    assert watched.told == []
    watched.now += DISK_EVERY_S
    watched.tick(one, disk_mb=1.0)
    ((told, reason),) = watched.told
    assert told is one
    assert reason.startswith("has 3 MB in its folder")


def test_it_measures(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").write_bytes(b"x" * 100_000)
    (tmp_path / "link").symlink_to("/usr")
    assert 100_000 <= folder_bytes(tmp_path) < 1_000_000
    assert folder_bytes(tmp_path / "none") == 0
    assert resident(2**22 + 1) == 0
