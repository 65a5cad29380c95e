"""Settings that change while a plugin runs: all of its processes use them, or none does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from viewra.codec import lifecycle
from viewra.errors import NotOffered, PluginFault, PluginTimeout

from .conftest import Make, World
from .fake_process import SEARCH, Behaviour

APPLIES = (*SEARCH, lifecycle.APPLY.wire_service)
NEW = {"key": "new"}
BEFORE: dict[str, str] = {}
"""What a world's plugin has been started with."""


def two(make: Make, second: Behaviour) -> World:
    world = make(workers=2)
    world.launcher.next = [Behaviour(services=APPLIES), second]
    world.call()
    world.clock.advance(1.0)
    assert len(world.running) == 2
    return world


def test_all_processes_get_them(make: Make) -> None:
    world = two(make, Behaviour(services=APPLIES))
    assert world.supervisor.apply_settings(NEW)
    assert [one.given["apply_settings"] for one in world.running] == [[NEW], [NEW]]


def test_one_that_does_not_run_needs_a_start_for_them(world: World) -> None:
    assert not world.supervisor.apply_settings(NEW)
    assert world.launcher.plans == []


def test_where_one_process_cannot_none_is_asked(make: Make) -> None:
    world = two(make, Behaviour())
    assert not world.supervisor.apply_settings(NEW)
    assert [one.given["apply_settings"] for one in world.running] == [[], []]


@pytest.mark.parametrize("error", [PluginTimeout("p", "too late"), NotOffered("p", "has no such call")])
def test_where_one_does_not_take_them_all_are_to_be_replaced(make: Make, error: Exception) -> None:
    world = two(make, Behaviour(services=APPLIES, fails={"apply_settings": error}))
    assert not world.supervisor.apply_settings(NEW)
    assert [one.given["apply_settings"] for one in world.running] == [[NEW, BEFORE], [NEW]]


def test_where_one_refuses_them_the_others_have_those_of_before(make: Make) -> None:
    refused = PluginFault("p", "there is no such key", call="apply_settings")
    world = two(make, Behaviour(services=APPLIES, fails={"apply_settings": refused}))
    with pytest.raises(PluginFault, match="there is no such key"):
        world.supervisor.apply_settings(NEW)
    assert [one.given["apply_settings"] for one in world.running] == [[NEW, BEFORE], [NEW]]


def test_what_a_refusal_says_is_told_even_if_nothing_can_be_put_back(make: Make) -> None:
    refused = PluginFault("p", "there is no such key", call="apply_settings")
    world = two(make, Behaviour(services=APPLIES, fails={"apply_settings": refused}))
    first = world.running[0]
    first.given["apply_settings"] = FailsTheSecondTime(first.behaviour)
    with pytest.raises(PluginFault, match="there is no such key"):
        world.supervisor.apply_settings(NEW)


class FailsTheSecondTime(list[object]):
    """What a process is given that takes settings once."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__()
        self._behaviour = behaviour

    def extend(self, given: Iterable[object], /) -> None:
        super().extend(given)
        if len(self) > 1:
            self._behaviour.fails["apply_settings"] = PluginFault("p", "not again", call="apply_settings")
