"""Guessing is slowed down: for an address, for an account as a whole, and never for one who knows the password."""

from __future__ import annotations

import pytest

from tests.unit.web.conftest import Clock
from viewra.web.accounts import throttle
from viewra.web.accounts.throttle import ACCOUNT_FREE, FIRST_WAIT_S, FORGOTTEN_S, FREE, LONGEST_WAIT_S, Throttle


@pytest.fixture
def slow(clock: Clock) -> Throttle:
    return Throttle(clock)


def fail(slow: Throttle, address: str, times: int = 1) -> float:
    """Fail so many times; returns the last wait."""
    return [slow.attempt("admin", address) for _ in range(times)][-1]


def test_waits_double_up_to_the_longest(slow: Throttle, clock: Clock) -> None:
    assert fail(slow, "a", FREE + 1) == 0
    waits = []
    for _ in range(12):
        waits.append(fail(slow, "a"))
        clock.now += waits[-1]
        assert fail(slow, "a") == 0
    assert waits[:4] == [FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S, 8 * FIRST_WAIT_S]
    assert waits[-1] == LONGEST_WAIT_S


def test_a_refused_attempt_does_not_count(slow: Throttle, clock: Clock) -> None:
    fail(slow, "a", FREE + 1)
    assert fail(slow, "a", 1000) == FIRST_WAIT_S
    clock.now += FIRST_WAIT_S
    assert fail(slow, "a") == 0


def test_success_and_time_forget_failures(slow: Throttle, clock: Clock) -> None:
    fail(slow, "a", FREE)
    slow.succeeded("admin", "a")
    assert fail(slow, "a", FREE + 1) == 0
    assert fail(slow, "a") > 0
    clock.now += FORGOTTEN_S + 1
    assert fail(slow, "a", FREE + 1) == 0


def test_another_address_need_not_wait(slow: Throttle) -> None:
    fail(slow, "192.0.2.1", FREE + 2)
    assert fail(slow, "192.0.2.2") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "unix", False),
    ],
)
def test_a_persons_addresses_count_together(one: str, other: str, same: bool) -> None:
    assert (throttle.network(one) == throttle.network(other)) is same


def test_many_addresses_together_wait_but_a_known_one_does_not(slow: Throttle) -> None:
    slow.attempt("admin", "home")
    slow.succeeded("admin", "home")
    for number in range(ACCOUNT_FREE + 1):
        assert fail(slow, f"198.51.{number}.1") == 0
    assert fail(slow, "203.0.113.9") > 0
    assert fail(slow, "home") == 0


def test_it_remembers_only_so_many(slow: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST", 100)
    for number in range(1000):
        slow.attempt("", f"address {number}")
        slow.succeeded("", f"address {number}")
    assert len(slow._counts) <= 100
    assert len(slow._trusted) <= 100
