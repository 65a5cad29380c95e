"""Which runs of a pool are spared or idle, and what it forgets."""

from __future__ import annotations

from typing import cast

from viewra.host.running.pool import Pool
from viewra.host.running.run import Run
from viewra.host.running.states import Event
from viewra.manifest import Restart
from viewra.types import PluginState

from .test_looking_after import SimpleNamespaceByIdentity as Known

MANY = Restart(max=10**6)


def pool(*runs: Run) -> Pool:
    one = Pool("p", lambda *_: None, PluginState.STARTING, policy=MANY)
    if runs:
        one.serve(runs, MANY)
    return one


def run(*, in_flight: int = 0, idle_s: float = 0.0) -> Run:
    return cast(Run, Known(ran_s=0.0, connection=Known(in_flight=in_flight, idle_s=idle_s)))


def test_the_run_with_the_fewest_calls_is_spare_and_the_youngest_of_equals() -> None:
    first, second, third = run(in_flight=1), run(), run()
    one = pool(first, second, third)
    assert one.spare() is third
    assert one.spare() is second
    assert one.spare() is None
    busy = pool(second, first)
    assert busy.spare() is second


def test_runs_are_not_idle_while_one_of_them_is_not() -> None:
    runs = run(idle_s=9.0), run(idle_s=3.0)
    one = pool(*runs)
    assert one.idle_s == 3.0
    assert one.take(Event.END, PluginState.DRAINING, idle_s=5.0) == ()
    assert one.take(Event.END, PluginState.DRAINING, idle_s=3.0) == runs


def test_forgiven_crashes_do_not_count() -> None:
    twice = Restart(max=2)
    one = pool()
    for number in range(6):
        one.serve((lost := run(),), twice)
        assert one.lose(lost, "died")
        assert one.state is PluginState.BACKOFF, number
        if number % 2:
            one.forgive(twice)
            assert one.pause_s == 0
        one.become(Event.START, PluginState.STARTING)


def test_the_version_that_serves_says_how_many_crashes_are_too_many() -> None:
    one = pool()
    one.serve((first := run(),), Restart(max=0))
    assert one.lose(first, "died")
    loss = one.loss(first)
    assert loss is not None
    assert (one.state, loss.quarantine) == (PluginState.QUARANTINED, one.reason)


def test_a_start_beside_the_others_that_is_no_crash_does_not_count() -> None:
    one = pool()
    one.serve((first := run(),), Restart(max=0))
    loss = one.missed("did not start: its code is another than the pinned", crash=False)
    assert loss.pause_s is not None
    assert (one.state, one.crashes, one.runs) == (PluginState.RUNNING, 0, (first,))
    assert one.missed("did not start", crash=True).quarantine
    assert (one.state, one.crashes, one.runs) == (PluginState.QUARANTINED, 1, ())
    assert "\n" not in one.reason, "no process said anything"
