"""What a sample sums up: of which processes, and what of them, without any process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from viewra.host.running import resources
from viewra.host.running.resources import History, Sampler, _children, _guardian_of, _Times
from viewra.host.running.status import ResourceSample


class Fake:
    """A process with figures of its own; ``lacks`` are those that the system does not show, or that came too late."""

    def __init__(self, pid: int, status: str = psutil.STATUS_SLEEPING, **lacks: psutil.Error) -> None:
        self.pid = pid
        self.read = self.written = 1000 * pid
        self._status = status
        self._lacks = lacks

    def __getattr__(self, name: str) -> Callable[[], object]:
        answers: dict[str, object] = {
            "is_running": True,
            "status": self._status,
            "cpu_times": SimpleNamespace(user=1.0, system=2.0, children_user=4.0, children_system=8.0),
            "memory_info": SimpleNamespace(rss=100 * self.pid),
            "num_threads": self.pid,
            "num_fds": 10 * self.pid,
            "io_counters": SimpleNamespace(read_bytes=self.read, write_bytes=self.written),
        }

        def answer() -> object:
            if name in self._lacks:
                raise self._lacks[name]
            return answers[name]

        return answer

    def oneshot(self) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.fixture
def sampler() -> Sampler:
    return Sampler(os.getpid())


def sample(sampler: Sampler, monkeypatch: pytest.MonkeyPatch, *family: Fake) -> ResourceSample | None:
    sampler._process = cast(Any, family[0])
    monkeypatch.setattr(sampler, "_family", lambda _process: iter(family))
    return sampler.sample()


def test_a_sample_is_the_sum_of_those_that_run(sampler: Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sample(sampler, monkeypatch, Fake(1), Fake(2, psutil.STATUS_ZOMBIE), Fake(3))
    assert found is not None
    assert (found.processes, found.threads, found.open_files, found.rss_bytes) == (2, 4, 40, 400)
    assert (found.read_bytes, found.written_bytes, found.cpu_percent) == (4000, 4000, 0.0)
    assert sampler._last == {pid: _Times(3.0, 12.0) for pid in (1, 2, 3)}, "a zombie's time counts"


def test_what_the_system_does_not_show_is_left_out(sampler: Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = Fake(2, io_counters=psutil.AccessDenied(2))
    ended = Fake(3, memory_info=psutil.NoSuchProcess(3))
    found = sample(sampler, monkeypatch, Fake(1), hidden, ended, Fake(4, num_fds=psutil.AccessDenied(4)))
    assert found is not None
    assert (found.processes, found.threads, found.open_files, found.rss_bytes) == (3, 7, 30, 700)
    assert (found.read_bytes, found.written_bytes) == (1000, 1000)


def test_bytes_never_become_fewer(sampler: Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Fake(1), Fake(2)
    first.read = 5
    second.written = 7
    sample(sampler, monkeypatch, first, second)
    found = sample(sampler, monkeypatch, first)
    assert found is not None
    assert (found.read_bytes, found.written_bytes) == (2005, 1007)
    first.read, first.written = 3000, 4000
    found = sample(sampler, monkeypatch, first)
    assert found is not None
    assert (found.read_bytes, found.written_bytes) == (3000, 4000)


def test_of_one_that_has_ended_there_is_no_sample(sampler: Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sample(sampler, monkeypatch, Fake(1, psutil.STATUS_ZOMBIE), Fake(2)) is None
    assert sample(sampler, monkeypatch, Fake(1, cpu_times=psutil.NoSuchProcess(1))) is None
    ended = Fake(1)
    ended.__dict__["is_running"] = lambda: False
    assert sample(sampler, monkeypatch, ended) is None
    assert Sampler(2**22 + 1).sample() is None


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [
        ({1: (1.0, 0.0)}, {1: (2.0, 0.0)}, 50.0),
        ({1: (1.0, 0.0)}, {1: (1.0, 0.0), 2: (0.5, 0.5)}, 50.0),
        ({1: (1.0, 0.0), 2: (2.0, 1.0)}, {1: (1.0, 4.0)}, 50.0),
        ({1: (1.0, 0.0), 2: (3.0, 0.0)}, {1: (2.0, 0.0)}, 50.0),
        ({1: (5.0, 0.0)}, {1: (1.0, 0.0)}, 0.0),
        ({1: (1.0, 3.0)}, {1: (1.0, 4.0)}, 50.0),
    ],
)
def test_percent_of_a_core_over_two_seconds(
    sampler: Sampler,
    before: dict[int, tuple[float, float]],
    after: dict[int, tuple[float, float]],
    percent: float,
) -> None:
    def taken(times: dict[int, tuple[float, float]], now: float) -> float:
        return sampler._cpu_percent({pid: _Times(*pair) for pid, pair in times.items()}, now)

    assert taken(before, 10.0) == 0.0, "there is none before it"
    assert taken(after, 12.0) == percent
    assert taken({1: (99.0, 0.0)}, 12.0) == 0.0, "no time has passed"


TREE = {1: [2, 3], 2: [4], 9: [1, 5]}
"""1 is the plugin's process, 9 its guardian; the parent of 5 has ended."""


@pytest.mark.parametrize(("guardian", "family"), [(None, {1, 2, 3, 4}), (9, {1, 2, 3, 4, 5})])
@pytest.mark.parametrize("listed", [True, False])
def test_its_family_has_all_below_its_guardian(
    sampler: Sampler, monkeypatch: pytest.MonkeyPatch, guardian: int | None, family: set[int], listed: bool
) -> None:
    class Known:
        def __init__(self, pid: int) -> None:
            self.pid = pid

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Known) and other.pid == self.pid

        def __hash__(self) -> int:
            return self.pid

        def children(self, *, recursive: bool) -> list[Known]:
            assert recursive
            assert not listed
            below = [Known(pid) for pid in TREE.get(self.pid, [])]
            return [*below, *(one for child in below for one in child.children(recursive=True))]

    monkeypatch.setattr(resources, "_children", lambda pid: TREE.get(pid, []) if listed else [])
    monkeypatch.setattr(sampler, "_psutil", SimpleNamespace(Process=Known, Error=psutil.Error))
    monkeypatch.setattr(sampler, "_guardian", guardian)
    monkeypatch.setattr(sampler, "_kernel_lists_children", listed)
    found: Iterator[Any] = sampler._family(cast(Any, Known(1)))
    pids = [one.pid for one in found]
    assert (pids[0], sorted(pids)) == (1, sorted(family))


def test_one_that_ends_meanwhile_is_not_of_its_family(sampler: Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(pid: int) -> object:
        raise psutil.NoSuchProcess(pid)

    monkeypatch.setattr(resources, "_children", lambda pid: TREE.get(pid, []))
    monkeypatch.setattr(sampler, "_psutil", SimpleNamespace(Process=ended, Error=psutil.Error))
    monkeypatch.setattr(sampler, "_guardian", 9)
    for listed in (True, False):
        monkeypatch.setattr(sampler, "_kernel_lists_children", listed)
        assert [one.pid for one in sampler._family(cast(Any, Fake(1)))] == [1]


def test_a_guardian_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    pid = os.getpid()
    monkeypatch.setattr(resources, "stat", lambda _pid: SimpleNamespace(parent=pid))
    assert _guardian_of(1) is None
    monkeypatch.setattr(resources, "GUARDIAN_NAME", Path(f"/proc/{pid}/comm").read_text("utf-8").strip())
    assert _guardian_of(1) == pid
    monkeypatch.setattr(resources, "stat", lambda _pid: SimpleNamespace(parent=2**22 + 1))
    assert _guardian_of(1) is None
    monkeypatch.setattr(resources, "stat", lambda _pid: None)
    assert _guardian_of(1) is None


def test_children_of_all_threads_are_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for task, children in (("7", b"11 12 "), ("8", b"13 ")):
        (tmp_path / task).mkdir()
        (tmp_path / task / "children").write_bytes(children)
    (tmp_path / "9").mkdir()
    real_open, real_list = open, os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: real_list(tmp_path if path == "/proc/7/task" else path))
    monkeypatch.setattr(
        "builtins.open",
        lambda path, *given, **named: real_open(str(path).replace("/proc/7/task", str(tmp_path)), *given, **named),
    )
    assert sorted(_children(7)) == [11, 12, 13]
    assert _children(2**22 + 1) == []


def test_a_history_has_the_last_samples_oldest_first() -> None:
    history = History(length=2)
    samples = [ResourceSample(float(number), 0.0, 0, 0, 0, 1, 0, 0) for number in range(3)]
    for one in samples:
        history.add(one)
    assert history.samples == tuple(samples[1:])
    history.clear()
    assert history.samples == ()
