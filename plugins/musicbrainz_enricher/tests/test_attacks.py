"""Servers that fail, refuse, lie and send what nobody asked for."""

from __future__ import annotations

import json
from collections.abc import Callable

import attrs
import pytest

from tests.musicbrainz import Answer, as_json, credit, mbid, recording, schumann
from viewra.errors import PermissionDenied
from viewra.testing import ask_http
from viewra.types import QueuedTask, Task, TaskState

from .conftest import DELAYED, SET_ASIDE, TAGS, World, with_cover

MOLL, _ = schumann()


def answering(world: World, answer: Answer) -> None:
    world.service.instead = lambda _path: answer
    world.put(**TAGS)
    world.scan()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>Too busy</html>", b"null", b"[]", b"7", b'{"recordings": 7}', b'{"recordings": [{"id": 1}]}',
        b'{"recordings": [{"id": "x", "title": []}]}', b"[" * 100_000, b'{"recordings": [NaN', b"\xff\xfe\x00",
        json.dumps({"recordings": [recording("\x00\x01", [])]}).encode(),
    ],
)  # fmt: skip
def test_garbage_is_no_match_and_sets_its_task_aside(world: World, body: bytes) -> None:
    answering(world, Answer(body=body))
    assert (world.left(), world.host.put_metadata) == (SET_ASIDE, {})


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_is_left_alone_for_as_long_as_it_says(world: World, status: int) -> None:
    world.service.instead = lambda _path: Answer(status, headers={"Retry-After": "120"})
    world.put(**TAGS)
    world.plugin._queue.add([1])
    (task,) = world.host.tasks_queue.queued
    later = world.plugin.execute_task(_task(task))
    assert later is not None
    assert later.seconds == 120
    assert "status" in world.host.notices[0].text
    world.service.instead = lambda _path: None
    world.work()
    assert world.host.notices == ()
    assert sorted(world.host.put_metadata) == [1]


@pytest.mark.parametrize("text", ["", "tomorrow", "-1", "9" * 50, "0", "99999999"])
def test_pauses_are_neither_endless_nor_none(world: World, text: str) -> None:
    world.service.instead = lambda _path: Answer(503, headers={"Retry-After": text})
    world.put(**TAGS)
    world.plugin._queue.add([1])
    later = world.plugin.execute_task(_task(world.host.tasks_queue.queued[0]))
    assert later is not None
    assert 1 <= later.seconds <= 3600


def test_an_outage_sets_nothing_aside_but_one_bad_request_does(world: World) -> None:
    world.put(**TAGS)
    world.put(**TAGS)
    world.fetch.down = True
    world.scan()
    assert sorted(world.left()) == [*DELAYED, *SET_ASIDE], "the first may be its own fault, the next is an outage"
    later = world.plugin.execute_task(_task(world.host.tasks_queue.queued[1]))
    again = world.plugin.execute_task(_task(world.host.tasks_queue.queued[1]))
    assert later is not None
    assert again is not None
    assert 60 <= later.seconds < again.seconds <= 3600


def test_an_address_that_is_not_granted_is_told_to_the_operator(world: World) -> None:
    def refuse(_path: str) -> None:
        raise PermissionDenied("10.0.0.1 is not among the hosts", hint="grant it")

    world.service.instead = refuse
    world.put(**TAGS)
    world.scan()
    assert world.left() == DELAYED
    (notice,) = world.host.notices
    assert (notice.level, "10.0.0.1" in notice.text, "grant it" in notice.text) == ("error", True, True)


def test_an_answer_that_is_no_json_is_an_outage_when_it_comes_again(world: World) -> None:
    """As of a hotel's network, which answers everything with its own page."""
    world.put(**TAGS)
    world.put(**TAGS)
    world.service.instead = lambda _path: Answer(body=b"<html>Please log in</html>")
    world.scan()
    assert sorted(world.left()) == [*DELAYED, *SET_ASIDE], "only the first may be its own fault"


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses_is_told_to_the_operator_and_nothing_is_lost(world: World, status: int) -> None:
    answering(world, Answer(status))
    assert world.left() == DELAYED
    assert "musicbrainz.org refuses requests" in world.host.notices[0].text


def test_a_picture_that_the_archive_has_locked_is_none(world: World) -> None:
    with_cover(world)
    world.service.instead = lambda path: Answer(403) if path.endswith(".jpg") else None
    world.put(**TAGS)
    world.scan()
    assert (world.left(), world.host.assets_store.linked, world.host.notices) == ([], [], ())


def test_an_acoustid_that_is_none_does_not_hold_up_the_others(world: World) -> None:
    wrong = {"status": "error", "error": {"code": 3, "message": "invalid fingerprint"}}
    world.service.instead = lambda path: attrs.evolve(as_json(wrong), status=400) if path.startswith("/v2/") else None
    world.put(acoustid_fingerprint="AQAA", **TAGS)
    world.put(acoustid_fingerprint="A" * 60_000, **TAGS)
    world.scan()
    assert (world.left(), world.host.notices) == ([], ())
    assert [world.match(number)["way"] for number in (1, 2)] == ["tags", "tags"]
    assert sum(path.startswith("/v2/") for path in world.service.asked) == 1, "the second is too long for an address"


def test_a_body_without_end_is_refused(world: World) -> None:
    answering(world, Answer(body=b"x" * (4 * 1024 * 1024 + 1)))
    assert world.left() == SET_ASIDE


def test_a_picture_that_is_none_is_not_linked(world: World, caplog: pytest.LogCaptureFixture) -> None:
    path = with_cover(world)
    world.service.pictures = dict.fromkeys(world.service.pictures, b"<html>no</html>")
    world.put(**TAGS)
    world.scan()
    assert world.left() == [("covers", TaskState.SET_ASIDE)]
    assert world.host.assets_store.linked == []
    assert world.host.assets_store.stored == {} or all(
        one != b"<html>no</html>" for one in world.host.assets_store.stored.values()
    )
    assert path in world.paths()


@pytest.mark.parametrize("index", [[], {"images": 7}, {"images": [{"types": 7, "front": 1, "id": {}}]}, "x"])
def test_covers_of_the_wrong_types(world: World, index: object) -> None:
    with_cover(world)
    world.service.instead = lambda path: as_json(index) if path.startswith("/release/") else None
    world.put(**TAGS)
    world.scan()
    assert world.match()["state"] == "matched"
    assert world.host.assets_store.linked == []


def test_pages_escape_what_servers_and_files_say(world: World) -> None:
    script = "<script>alert(1)</script>\"'"
    evil = recording(script, credit({**MOLL["artist-credit"][0]["artist"], "name": script}), name="evil")
    twin = {**evil, "id": mbid("twin"), "disambiguation": script}
    world.service.recordings = [evil, twin]
    world.put("<img src=x>.flac", title=script, artist=script, duration="1.000")
    world.put(musicbrainz_recordingid=evil["id"])
    world.scan()
    assert [world.match(number)["state"] for number in (1, 2)] == ["unsure", "matched"]
    asked: list[Callable[[], str]] = [
        lambda: ask_http(world.running, "GET", "/", page=True).text,
        lambda: ask_http(world.running, "GET", "/file", query="id=1", page=True).text,
        lambda: ask_http(world.running, "GET", "/file", query="id=2", page=True).text,
    ]
    for ask in asked:
        shown = ask()
        assert "&lt;script&gt;" in shown
        assert "<script" not in shown
        assert "<img" not in shown


def test_tasks_that_nobody_of_ours_has_enqueued_are_set_aside(world: World) -> None:
    for data in (None, 7, {}, {"file": "x"}):
        world.host.tasks.enqueue("look up", data)
    world.host.tasks.enqueue("nothing", {"file": 1})
    assert {one.state for one in world.work()} == {TaskState.SET_ASIDE}
    world.host.tasks.enqueue("look up", {"file": 99})
    assert len(world.work()) == 5, "a file that was forgotten is nothing to do"


def _task(queued: QueuedTask) -> Task:
    return Task(queued.id, queued.name, queued.data, queued.key)
