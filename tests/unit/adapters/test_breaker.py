"""The circuit breaker, compared with a model of its contract."""

from __future__ import annotations

import threading

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from viewra.adapters._breaker import FIRST_PAUSE_S, LONGEST_PAUSE_S, THRESHOLD, Breaker, BreakerState


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock=clock)
    for _ in range(THRESHOLD):
        run_out(breaker)
    return breaker


def run_out(breaker: Breaker) -> None:
    number = breaker.ask()
    assert isinstance(number, int)
    breaker.settle(number, answered=False)


class BreakerModel(RuleBasedStateMachine):
    """Calls come and end in any order; what the breaker is, follows from the ends alone."""

    calls: Bundle[tuple[int, int]] = Bundle("calls")  # number, and the process it went to

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        self.breaker = Breaker(clock=self.clock)
        self.process = 0
        self.in_a_row = 0
        self.open_until: float | None = None
        self.pause = FIRST_PAUSE_S
        self.probe: int | None = None

    @rule(target=calls)
    def ask(self) -> tuple[int, int]:
        answer = self.breaker.ask()
        waits = self.open_until is not None and self.clock.now < self.open_until
        if waits or self.probe is not None:
            assert isinstance(answer, str)
            assert f"its last {self.in_a_row} calls ran out of time" in answer
            return (-1, self.process)
        assert isinstance(answer, int)
        if self.open_until is not None:
            self.probe = answer
        return (answer, self.process)

    @rule(call=consumes(calls), answered=st.sampled_from([True, False, None]))
    def end(self, call: tuple[int, int], answered: bool | None) -> None:
        number, process = call
        if number < 0:  # it was refused
            return
        self.breaker.settle(number, answered=answered)
        if process != self.process:
            return
        probed = number == self.probe
        if probed or answered:
            self.probe = None
        if answered:
            self.in_a_row, self.open_until, self.pause = 0, None, FIRST_PAUSE_S
        elif answered is False:
            self.in_a_row += 1
            if probed:
                self.pause = min(2 * self.pause, LONGEST_PAUSE_S)
            if self.in_a_row >= THRESHOLD and (probed or self.open_until is None):
                self.open_until = self.clock.now + self.pause

    @rule(seconds=st.sampled_from([0.1, FIRST_PAUSE_S / 2, FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, LONGEST_PAUSE_S]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def another_process(self) -> None:
        self.breaker.reset()
        self.process += 1
        self.in_a_row, self.open_until, self.pause, self.probe = 0, None, FIRST_PAUSE_S, None

    @invariant()
    def says_what_it_is(self) -> None:
        if self.open_until is None:
            assert self.breaker.state is BreakerState.CLOSED
        elif self.clock.now < self.open_until:
            assert self.breaker.state is BreakerState.OPEN
        else:
            assert self.breaker.state is BreakerState.HALF_OPEN


TestBreaker = BreakerModel.TestCase
TestBreaker.settings = settings(stateful_step_count=40)


def test_five_in_a_row_open_it_and_an_answer_between_them_does_not() -> None:
    breaker = Breaker(clock=Clock())
    for answered in (False, False, False, False, True, False, False, False, False):
        number = breaker.ask()
        assert isinstance(number, int)
        breaker.settle(number, answered=answered)
    before = breaker.state
    assert before is BreakerState.CLOSED
    run_out(breaker)
    assert breaker.state is BreakerState.OPEN


def test_a_call_that_began_before_it_opened_does_not_end_the_probe() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    late = breaker.ask()
    assert isinstance(late, int)
    for _ in range(THRESHOLD):
        run_out(breaker)
    clock.now += FIRST_PAUSE_S
    probe = breaker.ask()
    assert isinstance(probe, int)
    breaker.settle(late, answered=False)
    assert isinstance(breaker.ask(), str)  # the probe is still under way
    breaker.settle(probe, answered=False)
    clock.now += 2 * FIRST_PAUSE_S
    assert breaker.state is BreakerState.HALF_OPEN  # the pause was doubled once


def test_a_probe_that_ends_otherwise_is_followed_by_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += FIRST_PAUSE_S
    probe = breaker.ask()
    assert isinstance(probe, int)
    breaker.settle(probe, answered=None)
    assert isinstance(breaker.ask(), int)


def test_calls_to_the_process_before_say_nothing_of_this_one() -> None:
    breaker = Breaker(clock=Clock())
    before = [breaker.ask() for _ in range(THRESHOLD)]
    breaker.reset()
    for number in before:
        assert isinstance(number, int)
        breaker.settle(number, answered=False)
    assert breaker.state is BreakerState.CLOSED


def test_of_sixteen_threads_one_is_the_probe() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += FIRST_PAUSE_S
    together = threading.Barrier(16)
    answers: list[int | str] = []

    def ask() -> None:
        together.wait(60)
        answers.append(breaker.ask())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len([answer for answer in answers if isinstance(answer, int)]) == 1
