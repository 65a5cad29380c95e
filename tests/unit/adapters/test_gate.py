"""The gate: limits concurrent calls, keeps their order, and never loses a slot."""

from __future__ import annotations

import random
import threading

import pytest

from tests.eventually import eventually
from viewra.adapters._gate import Gate


class Line:
    """Threads that stand in line one behind the other; ``let_in`` has their numbers in the order of their turns."""

    def __init__(self, gate: Gate, count: int, timeout_s: float = 10.0) -> None:
        self.let_in: list[int] = []
        self.threads = []
        for number in range(count):
            self.threads.append(threading.Thread(target=self._stand, args=(gate, number, timeout_s)))
            before = gate.waiting
            self.threads[-1].start()
            eventually(lambda before=before: gate.waiting == before + 1)  # type: ignore[misc]

    def _stand(self, gate: Gate, number: int, timeout_s: float) -> None:
        if gate.enter(timeout_s):
            self.let_in.append(number)

    def join(self) -> None:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()


def test_places_are_handed_over_in_the_order_of_the_line() -> None:
    gate = Gate(1)
    assert gate.enter(0)
    line = Line(gate, 5)
    for served in range(1, 6):
        gate.leave()
        eventually(lambda served=served: len(line.let_in) == served)  # type: ignore[misc]
    line.join()
    assert line.let_in == [0, 1, 2, 3, 4]
    assert (gate.inside, gate.waiting) == (1, 0)


def test_nobody_waits_who_does_not_want_to() -> None:
    gate = Gate(1)
    assert gate.enter(0)
    assert not gate.enter(0)
    assert not gate.enter(0.01)
    assert (gate.inside, gate.waiting) == (1, 0)


def test_a_wider_gate_lets_in_who_stands_in_line_and_nobody_before_them() -> None:
    gate = Gate(1)
    assert gate.enter(0)
    line = Line(gate, 3)
    gate.resize(3)
    eventually(lambda: len(line.let_in) == 2)
    assert not gate.enter(0)
    gate.leave()
    line.join()
    assert sorted(line.let_in) == [0, 1, 2]
    assert (gate.inside, gate.waiting) == (3, 0)


def test_a_narrower_gate_lets_nobody_in_until_so_many_have_left() -> None:
    gate = Gate(3)
    assert all(gate.enter(0) for _ in range(3))
    gate.resize(1)
    line = Line(gate, 1)
    gate.leave()
    gate.leave()
    assert line.let_in == []
    assert (gate.inside, gate.waiting) == (1, 1)
    gate.leave()
    line.join()
    assert line.let_in == [0]


class Tight(threading.Event):
    """A turn that comes in the very moment when the wait for it runs out."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def wait(self, timeout: float | None = None) -> bool:
        self._gate.leave()  # somebody goes, and hands the place over
        return False


def test_a_turn_in_the_moment_when_the_time_is_up_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(1)
    assert gate.enter(0)
    monkeypatch.setattr("threading.Event", lambda: Tight(gate))
    assert gate.enter(0.01)
    assert (gate.inside, gate.waiting) == (1, 0)


def test_sixteen_threads_lose_no_place_and_are_never_too_many() -> None:
    gate = Gate(4)
    inside, most_seen, lock = [0], [0], threading.Lock()
    failures: list[str] = []

    def come_and_go(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(300):
            if not gate.enter(chance.choice((0, 0.0001, 0.001, 5.0))):
                continue
            with lock:
                inside[0] += 1
                most_seen[0] = max(most_seen[0], inside[0])
                if inside[0] > 8:
                    failures.append("too many")
            if not chance.randrange(4):
                threading.Event().wait(0.0002)  # or nobody would ever find another one inside
            if not chance.randrange(20):
                gate.resize(chance.randint(2, 8))
            with lock:
                inside[0] -= 1
            gate.leave()

    threads = [threading.Thread(target=come_and_go, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []
    assert most_seen[0] > 1
    assert (gate.inside, gate.waiting) == (0, 0)
    gate.resize(2)
    assert [gate.enter(0) for _ in range(3)] == [True, True, False]
