"""What the base of enrichers does where a server cannot be asked, and where only one request fails."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from tests.unit.sdk.finding import Finder, World, finding
from viewra.errors import FetchFailed, NotFound, PermissionDenied, UsageError, ViewraError
from viewra.sdk import NotNow
from viewra.types import Fetched


@pytest.fixture
def world() -> Iterator[World]:
    with finding() as world:
        yield world


def test_an_outage_is_told_and_holds_up_what_asks_the_same_server_until_it_is_over(world: World) -> None:
    assert world.enrich(FetchFailed("no route")) == 61.0
    assert world.notices == [("warning", "nobody can be asked: no route")]
    assert 0 < world.enrich(number=2) <= 60.0
    assert world.finder.done == []
    with world.finder.asking("pictures"):
        pass
    assert len(world.notices) == 1, "that is another server"
    world.finder.on_settings_changed()
    assert world.notices == []
    assert (world.enrich(), world.finder.done) == (0.0, [1])


def test_a_request_that_is_at_fault_itself_fails(world: World) -> None:
    world.enrich()
    with pytest.raises(FetchFailed):
        world.enrich(FetchFailed("status 500"))
    assert world.notices == []
    assert world.enrich(FetchFailed("status 500")) == 61.0, "the next one in a row is an outage"


def test_what_was_told_is_taken_back_when_the_server_answers(world: World) -> None:
    world.enrich(FetchFailed("no route"))
    world.finder._held.clear()
    world.enrich()
    assert world.notices == []


def test_what_an_earlier_process_told_is_taken_back(world: World) -> None:
    world.enrich(FetchFailed("no route"))
    after = Finder()
    after.bind(host=world.host)
    after.start()
    assert world.notices == []


@pytest.mark.parametrize("error", [PermissionDenied("not granted", hint="grant it"), NotFound("no key", hint="set it")])
def test_what_the_host_refuses_is_the_operators_to_mend(world: World, error: ViewraError) -> None:
    assert world.enrich(error) == 601.0
    assert world.notices == [("error", f"nobody can be asked: {error.message} ({error.hint})")]


def test_a_plugin_says_itself_that_a_server_cannot_be_asked(world: World) -> None:
    assert world.enrich(NotNow(7.0)) == 8.0
    assert world.notices == []
    assert 0 < world.enrich(number=2) <= 7.0
    world.finder._held.clear()
    assert world.enrich(NotNow(8.0, "it wants a key", level="error"), number=2) == 9.0
    assert world.notices == [("error", "nobody can be asked: it wants a key")]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120.0), ("0", 1.0), ("99999999", 3600.0), ("9" * 400, 3600.0), ("", 5.0), ("tomorrow", 5.0), ("-1", 5.0)],
)
def test_how_long_a_server_wants_to_be_left_alone(text: str, seconds: float) -> None:
    assert NotNow.as_asked(Fetched(429, "", {"retry-after": text}), usually_s=5.0).seconds == seconds
    assert NotNow.as_asked(Fetched(429, "", {})).seconds == 60.0


def test_a_request_that_never_succeeds_does_not_hold_up_others_for_ever(world: World) -> None:
    for pause_s in (60.0, 120.0):
        assert world.enrich(FetchFailed("status 500"), 1) > pause_s
        assert world.enrich(number=2) <= pause_s, "the host executes the older one first, unless it is due later"
        world.finder._held.clear()
    assert world.enrich(number=2) == 0.0
    with pytest.raises(FetchFailed):
        world.enrich(FetchFailed("status 500"), 1)


def test_a_request_for_which_a_server_is_always_too_busy_comes_ever_later(world: World) -> None:
    later = []
    for _ in range(8):
        later.append(world.enrich(NotNow(60.0), 1) - 60.0)
        assert 59.0 < world.enrich(number=1) - later[-1] <= 60.0, "also while it only waits"
        world.finder._held.clear()
        world.enrich(number=2)
    assert later == [1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 3600.0, 3600.0]
    assert world.enrich(number=1) == 0.0
    assert world.enrich(NotNow(60.0), 1) == 61.0


def test_requests_at_the_same_time_fail_in_one_outage(world: World) -> None:
    under_way = [world.finder.asking("server") for _ in range(8)]
    for one in under_way:
        one.__enter__()
    for one in under_way:
        with pytest.raises(NotNow) as raised:
            one.__exit__(FetchFailed, FetchFailed("reset"), None)
        assert 59.0 < raised.value.seconds <= 60.0
    world.finder._held.clear()
    assert world.enrich(FetchFailed("reset")) == 121.0


def test_a_shorter_pause_ends_no_longer_one(world: World) -> None:
    first, second = world.finder.asking("server"), world.finder.asking("server")
    first.__enter__()
    second.__enter__()
    for one, error in ((first, NotNow(300.0)), (second, NotNow(5.0))):
        assert not one.__exit__(NotNow, error, None)
    assert world.enrich() > 299.0


@pytest.mark.parametrize("error", [PermissionDenied("it redirects elsewhere"), UsageError("the URL is too long")])
def test_a_request_that_is_refused_right_after_answers_is_at_fault_itself(world: World, error: ViewraError) -> None:
    world.enrich()
    with pytest.raises(type(error)):
        world.enrich(error)
    assert (world.notices, world.enrich(number=2)) == ([], 0.0)


def test_other_settings_may_name_another_server(world: World) -> None:
    world.enrich()
    world.finder.on_settings_changed()
    assert world.enrich(FetchFailed("no route")) == 61.0, "as the first request"


def test_a_server_without_words_for_the_operator_is_named(world: World) -> None:
    with pytest.raises(ValueError, match=r"^Finder.complaints has no server 'serve'$"), world.finder.asking("serve"):
        pass


@pytest.mark.parametrize(
    ("seconds", "kept"), [(0.0, 1.0), (-5.0, 1.0), (math.nan, 1.0), (7.5, 7.5), (math.inf, 604_800.0)]
)
def test_a_pause_is_one_that_a_task_can_make(world: World, seconds: float, kept: float) -> None:
    assert NotNow(seconds).seconds == kept
    assert world.enrich(NotNow(seconds)) == min(kept + 1.0, 604_800.0)


def test_a_server_may_say_when_it_can_be_asked_as_a_date() -> None:
    at = formatdate(time.time() + 600, usegmt=True)
    assert 590 < NotNow.as_asked(Fetched(429, "", {"retry-after": at})).seconds <= 600


def test_the_log_says_what_is_waited_for(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        world.enrich(NotNow(300.0))
        world.enrich(number=2)
    assert [one.getMessage() for one in caplog.records] == ["a server cannot be asked now"]
