"""A plugin object that hangs: its caller's deadline holds, and other calls are served."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tests.eventually import eventually
from viewra.adapters import BreakerState, LocalEndpoint
from viewra.adapters._breaker import THRESHOLD
from viewra.adapters._traffic import Traffic
from viewra.codec.search import GET_SEARCH_CAPABILITIES, SEARCH
from viewra.errors import PluginTimeout, PluginUnavailable
from viewra.testing import FakePlugin

DEADLINE_S = 0.15


class Hanging:
    """A plugin whose searches hang until ``go``."""

    def __init__(self) -> None:
        self.go = threading.Event()
        plugin = FakePlugin("hanging", on={"search": lambda *_: self.go.wait(60)})
        self.endpoint = LocalEndpoint("hanging", plugin, database_url="", deadline_s=lambda _method: DEADLINE_S)
        self.endpoint.running = True
        self.plugin = plugin

    @property
    def threads(self) -> list[threading.Thread]:
        names = ("call-hanging", "deadlines")
        return [thread for thread in threading.enumerate() if thread.name in names]

    def search(self) -> None:
        self.endpoint.call(SEARCH, {"q": "x"}, 1, 0)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    hanging = Hanging()
    yield hanging
    hanging.go.set()
    eventually(lambda: not hanging.threads)  # no thread is left when the hang has ended


def test_a_call_ends_with_its_deadline_and_gives_its_place_back(hanging: Hanging) -> None:
    began = time.monotonic()
    future = hanging.endpoint.start(SEARCH, {"q": "x"}, 1, 0)
    with pytest.raises(PluginTimeout, match=r"did not answer within 0\.15 s"):
        future.result(60)
    assert time.monotonic() - began >= DEADLINE_S
    assert hanging.endpoint.traffic.in_flight == 0
    assert hanging.endpoint.traffic.hooks["search"].errors == {"PluginTimeout": 1}


def test_an_answer_that_comes_after_the_deadline_changes_nothing(hanging: Hanging) -> None:
    with pytest.raises(PluginTimeout):
        hanging.search()
    hanging.go.set()
    eventually(lambda: not hanging.threads)
    assert hanging.endpoint.traffic.in_flight == 0
    assert hanging.endpoint.traffic.hooks["search"].calls == 1


def test_it_is_not_asked_any_more_after_some_and_the_others_go_on(hanging: Hanging) -> None:
    for _ in range(THRESHOLD):
        with pytest.raises(PluginTimeout):
            hanging.search()
    assert hanging.endpoint.traffic.breaker_state is BreakerState.OPEN
    with pytest.raises(PluginUnavailable, match="is not asked"):
        hanging.search()
    assert len(hanging.plugin.called("search")) == THRESHOLD


def test_many_at_once_lose_no_place(hanging: Hanging) -> None:
    hanging.endpoint.traffic = Traffic("hanging", calls=3, queue=4)
    errors: list[type[BaseException]] = []

    def ask() -> None:
        try:
            hanging.search()
        except (PluginTimeout, PluginUnavailable) as error:
            errors.append(type(error))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()  # also those that came when the line was full
    assert len(errors) == 16
    hanging.go.set()
    eventually(lambda: not hanging.threads)
    assert (hanging.endpoint.traffic.in_flight, hanging.endpoint.traffic.queued) == (0, 0)


def test_a_caller_who_is_held_up_by_a_full_line_comes_back_at_his_deadline(hanging: Hanging) -> None:
    hanging.endpoint.traffic = Traffic("hanging", calls=8, queue=0)
    answers: list[BaseException | None] = []
    caller = threading.Thread(target=lambda: answers.append(hanging.endpoint.start(SEARCH, {}, 1, 0).exception()))
    caller.start()
    caller.join(60)
    assert not caller.is_alive()
    assert isinstance(answers[0], PluginTimeout)


def test_one_that_hangs_holds_up_no_other_call(hanging: Hanging) -> None:
    future = hanging.endpoint.start(SEARCH, {"q": "x"}, 1, 0)
    assert hanging.endpoint.call(GET_SEARCH_CAPABILITIES).supported_fields
    with pytest.raises(PluginTimeout):
        future.result(60)
