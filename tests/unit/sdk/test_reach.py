"""When a failed request is an outage, and for how long."""

from __future__ import annotations

from viewra.sdk.reach import Reach


def test_a_failure_after_an_answer_is_the_requests_own_and_the_next_an_outage() -> None:
    reach = Reach()
    assert reach.failed() == 60.0, "as far as is known, nothing answers"
    reach.answered()
    assert [reach.failed() for _ in range(4)] == [0.0, 60.0, 120.0, 240.0]
    reach.answered()
    assert reach.failed() == 0.0


def test_servers_are_told_apart_and_pauses_end() -> None:
    reach = Reach()
    reach.answered("one")
    assert (reach.failed("two"), reach.failed("one")) == (60.0, 0.0)
    assert [reach.failed("two") for _ in range(1000)][-1] == 3600.0
