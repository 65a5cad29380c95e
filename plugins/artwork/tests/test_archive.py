"""An archive that answers wrongly, asks for patience, or does not answer."""

from __future__ import annotations

import pytest

from viewra.errors import PermissionDenied
from viewra.types import Fetched, Task, TaskState

from .conftest import IDS, JPEG, OF_RELEASE, ONLINE, World


def test_an_outage_sets_nothing_aside_and_is_told_until_it_is_over(world: World) -> None:
    world.fetch.answers[OF_RELEASE] = Fetched(502, "", {})
    world.put(1, **IDS)
    world.put(2, 8, **IDS)
    world.scan()
    assert [state for state, _ in world.states] == [TaskState.DELAYED] * 2
    assert (world.asked, [one.level for one in world.host.notices]) == ([OF_RELEASE], ["warning"])
    world.fetch.answers[OF_RELEASE] = JPEG
    world.plugin.on_settings_changed()
    world.plugin.execute_task(Task(1, "choose", {"album_id": 7}))
    assert (world.links(album_id=7), world.host.notices) == ([ONLINE], ())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"<html>welcome to our hotel</html>", "is no picture"),
        (b"%PDF-1.7\n" + bytes(100), "is no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "is no picture"),
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0" + bytes(33 * 1024 * 1024), "more than"),
        (Fetched(500, "", {}), "the status 500"),
    ],
)
def test_an_archive_that_answers_wrongly_is_asked_again_and_then_set_aside(
    world: World, said: bytes | Fetched, reason: str
) -> None:
    with world.plugin.asking("archive"):
        pass  # it has answered before
    world.put(1, **IDS)
    world.fetch.answers[OF_RELEASE] = said
    assert world.scan() == []
    ((state, error),) = world.states
    assert (state, reason in error) == (TaskState.SET_ASIDE, True), error  # the fake queue makes one attempt
    assert [one for one in world.host.assets_store.stored.values() if one == said] == [], "it is not kept"


def test_an_archive_that_asks_for_patience_gets_it(world: World) -> None:
    world.fetch.answers[OF_RELEASE] = Fetched(503, "", {"retry-after": "120"})
    for number in (1, 2):
        world.put(number, number, **IDS)
    world.scan()
    assert [state for state, _ in world.states] == [TaskState.DELAYED, TaskState.DELAYED]
    assert world.asked == [OF_RELEASE], "nobody is asked for the other album within that time"


def test_the_operator_is_told_when_nothing_may_be_fetched(world: World) -> None:
    world.fetch.answers[OF_RELEASE] = PermissionDenied("coverartarchive.org is not granted")
    world.put(1, **IDS)
    world.scan()
    assert [state for state, _ in world.states] == [TaskState.DELAYED]
    assert [one.text for one in world.host.notices] == ["no covers can be fetched: coverartarchive.org is not granted"]
