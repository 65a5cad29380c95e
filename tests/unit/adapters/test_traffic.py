"""All calls of one plugin: which may proceed, which wait, and which are counted."""

from __future__ import annotations

import pytest

from viewra.adapters import BreakerState, Traffic
from viewra.adapters._breaker import THRESHOLD
from viewra.codec.lifecycle import HEALTH
from viewra.codec.search import SEARCH
from viewra.errors import PluginError, PluginFault, PluginTimeout, PluginUnavailable


def run_out(traffic: Traffic) -> None:
    visit = traffic.enter(SEARCH, 0)
    assert visit is not None
    traffic.leave(SEARCH, visit, PluginTimeout("p", "late"))


def test_so_many_are_under_way_and_the_rest_has_no_turn() -> None:
    traffic = Traffic("p", calls=2)
    visits = [traffic.enter(SEARCH, 0) for _ in range(3)]
    assert visits[2] is None
    assert traffic.in_flight == 2
    error = traffic.no_turn(SEARCH, 0.5)
    assert "has 2 calls in flight, and none of them ended within 0.5 s" in str(error)
    for visit in visits[:2]:
        assert visit is not None
        traffic.leave(SEARCH, visit, None)
    assert traffic.in_flight == 0
    assert traffic.hooks["search"].calls == 3
    assert traffic.hooks["search"].errors == {"PluginTimeout": 1}


def test_questions_of_the_lifecycle_pass_by_a_full_gate_and_an_open_breaker() -> None:
    traffic = Traffic("p", calls=1)
    for _ in range(THRESHOLD):
        run_out(traffic)
    assert traffic.breaker_state is BreakerState.OPEN
    visit = traffic.enter(HEALTH, 0)
    assert visit is not None
    traffic.leave(HEALTH, visit, PluginTimeout("p", "late"))
    assert traffic.in_flight == 0
    assert traffic.hooks["health"].calls == 1


def test_a_refused_call_gives_its_place_back() -> None:
    traffic = Traffic("p", calls=1)
    for _ in range(THRESHOLD):
        run_out(traffic)
    for _ in range(3):
        with pytest.raises(PluginUnavailable, match="is not asked"):
            traffic.enter(SEARCH, 0)
    assert traffic.in_flight == 0


def test_errors_are_answers_and_a_lost_process_is_neither() -> None:
    traffic = Traffic("p")
    error: PluginError
    for error in [PluginTimeout("p", "late")] * (THRESHOLD - 1) + [PluginUnavailable("p", "gone", in_call=True)]:
        visit = traffic.enter(SEARCH, 0)
        assert visit is not None
        traffic.leave(SEARCH, visit, error)
    before = traffic.breaker_state
    assert before is BreakerState.CLOSED
    run_out(traffic)
    assert traffic.breaker_state is BreakerState.OPEN

    traffic = Traffic("p")
    for error in ([PluginTimeout("p", "late")] * (THRESHOLD - 1) + [PluginFault("p", "no")]) * 2:
        visit = traffic.enter(SEARCH, 0)
        assert visit is not None
        traffic.leave(SEARCH, visit, error)
    assert traffic.breaker_state is BreakerState.CLOSED


def test_another_size_holds_from_now_on() -> None:
    traffic = Traffic("p", calls=1, queue=0)
    assert traffic.crowded
    assert traffic.enter(SEARCH, 0) is not None
    traffic.renew(calls=2, queue=5)
    assert traffic.enter(SEARCH, 0) is not None
    assert traffic.enter(SEARCH, 0) is None
    assert not traffic.crowded
