"""A server that answers wrongly, refuses, or does not answer."""

from __future__ import annotations

import pytest
from viewra_plugins.tmdb.service import answers

from viewra.errors import NotFound
from viewra.types import Fetched, Task, TaskState

from .conftest import BY_NAME, FILM, URL, World


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"<html>welcome to our hotel</html>", "what is no JSON"),
        (b"[" * 100_000, "what is no JSON"),
        (b"[1]", "no object"),
        (b'{"results": [' + b" " * 5_000_000, "more than"),
        (Fetched(500, URL, {}), "the status 500"),
        (FILM, "something else"),
    ],
)
def test_a_server_that_answers_wrongly_is_asked_again_and_then_set_aside(
    world: World, said: object, reason: str
) -> None:
    with world.plugin.asking("server"):
        pass  # it has answered before
    if said is FILM:
        world.server.says["/movie/775"] = {**FILM, "id": 776}
    else:
        world.server.says["/search/movie"] = said
    world.put(1, "a.mp4", BY_NAME)
    assert world.scan(1) == {}
    ((state, error),) = world.states
    assert (state, reason in error) == (TaskState.SET_ASIDE, True), error  # the fake queue makes one attempt


def test_an_outage_sets_nothing_aside_and_is_told_until_it_is_over(world: World) -> None:
    good, world.server.says["/search/movie"] = world.server.says["/search/movie"], Fetched(502, URL, {})
    for number in (1, 2):
        world.put(number, f"{number}.mp4", BY_NAME)
    world.scan(1, 2)
    assert [state for state, _ in world.states] == [TaskState.DELAYED] * 2
    assert (world.asked, [one.level for one in world.host.notices]) == (["/search/movie"], ["warning"])
    world.server.says["/search/movie"] = good
    world.plugin.on_settings_changed()
    assert world.host.notices == ()
    for number in (1, 2):
        world.plugin.execute_task(Task(number, "video", number))
    assert sorted(world.host.put_metadata) == [1, 2]


@pytest.mark.parametrize(
    "results", [None, 7, "x", {}, [None, 7, [], {"id": 775}, {"id": "775", **BY_NAME}, {"id": True, "title": "a"}]]
)
def test_results_of_wrong_types_are_none(world: World, results: object) -> None:
    world.server.says["/search/movie"] = {"results": results}
    world.put(1, "a.mp4", BY_NAME)
    assert (world.scan(1), world.states) == ({}, [])


def test_fields_of_wrong_types_are_left_out(world: World) -> None:
    wrong: list[object] = [
        7, None, True, [], {}, ["x"], [{"name": 7}], "x\x00\u2028" * 9_000, "\x1b[31mx\x85\ud800", float("nan"), -1,
    ]  # fmt: skip
    for number, value in enumerate(wrong, start=1):
        fields = {name: value for name in FILM if name not in {"id", "title"}}
        world.server.says["/movie/775"] = {**fields, "id": 775, "title": "A Trip to the Moon"}
        world.forget()
        world.put(number, f"{number}.mp4", BY_NAME)
        assert world.scan(number)[number]["title"] == "A Trip to the Moon"
    assert world.states == []


def test_forms() -> None:
    assert [answers.date(one) for one in ("1902-04-17", "1902-02-30", "1902", "", None)] == [
        "1902-04-17",
        "",
        "",
        "",
        "",
    ]
    assert [answers.rating(*one) for one in ((7.95, 2), (10, 1), (0, 9), (8, 0), (0.01, 1), (11, 1), (True, 1))] == [
        "8", "10", "", "", "", "", "",
    ]  # fmt: skip


def test_a_server_that_asks_for_patience_gets_it(world: World) -> None:
    world.server.says["/search/movie"] = Fetched(429, URL, {"retry-after": "7"})
    for number in (1, 2):
        world.put(number, f"{number}.mp4", {**BY_NAME, "title": f"Moon {number}"})
    assert world.scan(1, 2) == {}
    assert [state for state, _ in world.states] == [TaskState.DELAYED, TaskState.DELAYED]
    assert world.asked == ["/search/movie"], "the second film is not asked for within that time"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Fetched(401, URL, {}, b'{"status_code":7}'), "does not accept the key"),
        (NotFound("there is no secret setting 'api_key'", hint="set it"), "no secret setting 'api_key' (set it)"),
    ],
)
def test_without_a_key_the_operator_is_told(world: World, said: object, reason: str) -> None:
    world.server.says["/search/movie"] = said
    for number in (1, 2):
        world.put(number, f"{number}.mp4", BY_NAME)
    world.scan(1, 2)
    (notice,) = world.host.notices
    assert reason in notice.text
    assert [state for state, _ in world.states] == [TaskState.DELAYED, TaskState.DELAYED]
    assert world.asked == ["/search/movie"]
