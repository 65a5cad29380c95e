"""When a crashed plugin is started again under its manifest's policy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from viewra.host.running.backoff import FIRST_PAUSE_S, JITTER, LONGEST_PAUSE_S, LONGEST_WAIT_S, Backoff
from viewra.manifest import Restart

NEVER_TOO_OFTEN = Restart(max=10_000, window_s=60.0)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def certain(value: float | None) -> float:
    assert value is not None
    return value


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_pauses_double_within_the_jitter_up_to_the_longest(chances: list[float]) -> None:
    dice = iter(chances)
    restarts = Backoff(NEVER_TOO_OFTEN, now=Clock(), chance=lambda: next(dice))
    for number in range(len(chances)):
        middle = min(FIRST_PAUSE_S * 2**number, LONGEST_PAUSE_S)
        pause = certain(restarts.crashed())
        assert middle * (1 - JITTER) - 1e-9 <= pause <= middle * (1 + JITTER) + 1e-9


def test_jitter_spreads_pauses_to_both_sides() -> None:
    for chance, share in ((0.0, 1 - JITTER), (0.5, 1.0), (1.0, 1 + JITTER)):
        restarts = Backoff(NEVER_TOO_OFTEN, now=Clock(), chance=lambda chance=chance: chance)  # type: ignore[misc]
        assert certain(restarts.crashed()) == FIRST_PAUSE_S * share


@given(st.integers(0, 6), st.floats(1, 100), st.lists(st.floats(0, 120), max_size=30))
def test_more_than_so_many_within_the_window_are_too_many(most: int, window_s: float, gaps: list[float]) -> None:
    clock = Clock()
    restarts = Backoff(Restart(max=most, window_s=window_s), now=clock, chance=lambda: 0.5)
    crashes: list[float] = []
    for gap in gaps:
        clock.now += gap
        crashes.append(clock.now)
        recent = [at for at in crashes if at >= clock.now - window_s]
        assert (restarts.crashed() is None) == (len(recent) > most)


@given(st.integers(1, 10), st.floats(60, 1e6))
def test_what_was_before_a_stable_run_is_forgiven(crashes: int, ran_s: float) -> None:
    restarts = Backoff(NEVER_TOO_OFTEN, now=Clock(), chance=lambda: 0.5)
    for _ in range(crashes):
        restarts.crashed()
    assert certain(restarts.crashed(ran_s)) == FIRST_PAUSE_S
    assert certain(restarts.crashed(59.9)) == 2 * FIRST_PAUSE_S


def test_a_start_that_failed_for_no_fault_of_its_own_never_counts_but_pauses_grow() -> None:
    restarts = Backoff(Restart(max=0, window_s=60.0), now=Clock(), chance=lambda: 0.5)
    assert [restarts.failed() for _ in range(3)] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert restarts.crashed() is None


def test_a_crash_counts_until_the_window_is_over() -> None:
    clock = Clock()
    restarts = Backoff(Restart(max=1, window_s=60.0), now=clock, chance=lambda: 0.5)
    restarts.crashed()
    clock.now += 60.0
    assert restarts.crashed() is None
    clock.now += 60.5
    assert restarts.crashed() is not None


def test_calls_wait_for_a_pause_of_at_most_so_long() -> None:
    restarts = Backoff(NEVER_TOO_OFTEN, now=Clock())
    restarts.pause(LONGEST_WAIT_S, awaited=True)
    assert restarts.awaited_s == LONGEST_WAIT_S
    restarts.pause(LONGEST_WAIT_S + 0.1, awaited=True)
    assert (restarts.awaited_s, restarts.left_s > LONGEST_WAIT_S) == (0.0, True)


def test_the_same_policy_forgets_nothing_and_another_one_all() -> None:
    restarts = Backoff(Restart(max=1), now=Clock(), chance=lambda: 0.5)
    restarts.pause(certain(restarts.crashed()), awaited=True)
    restarts.follow(Restart(max=1))
    assert restarts.left_s > 0
    assert restarts.crashed() is None
    restarts.follow(Restart(max=2))
    assert (restarts.left_s, certain(restarts.crashed())) == (0.0, FIRST_PAUSE_S)
