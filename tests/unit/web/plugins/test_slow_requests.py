"""Clients and plugins that are slow, hang, leave, or flood a plugin's routes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.unit.web.plugins.conftest import Open, World, world_of
from tests.unit.web.plugins.driving import Browser
from tests.unit.web.plugins.shelf import Shelf
from viewra.web.plugins import proxy
from viewra.web.plugins.proxy import AT_ONCE


def test_a_body_that_does_not_go_on(open_site: Open) -> None:
    browser = open_site(Shelf(), idle_s=0.1).browser
    go = threading.Event()

    def stalls() -> Iterator[bytes]:
        yield b"x"
        yield b"y"
        go.wait(20)

    answer = browser.begin("POST", "/api/plugins/shelf/count", body=stalls())
    eventually(answer.done, "it is answered")
    go.set()
    assert answer.result(1).status == 408


def test_a_plugin_may_answer_before_it_reads(browser: Browser) -> None:
    assert browser.ask("POST", "/api/plugins/shelf/early", body=[b"x" * 100_000] * 20).text == "enough"


def test_a_plugin_that_hangs_is_late(open_site: Open) -> None:
    answer = open_site(Shelf(), answer_s=0.1).browser.ask("GET", "/api/plugins/shelf/hang")
    assert (answer.status, "did not answer within 0.1 s" in answer.json["detail"]) == (504, True)


def test_a_client_that_leaves_ends_the_handler(browser: Browser, shelf: Shelf) -> None:
    browser.ask("GET", "/api/plugins/shelf/flood", leave_after=3)
    assert shelf.left.wait(60)
    assert shelf.made < 100


def test_a_client_that_does_not_read_makes_the_plugin_wait(open_site: Open) -> None:
    shelf = Shelf()
    browser = open_site(shelf).browser
    reads = threading.Event()
    answer = browser.begin("GET", "/api/plugins/shelf/flood", leave_after=5, stall=reads)
    before = -1
    while shelf.made != before:
        before = shelf.made
        threading.Event().wait(0.1)
    assert before < 10
    reads.set()
    assert answer.result(60).pieces >= 5
    assert shelf.left.wait(60)


def test_events_end_when_the_site_closes(fresh_database: Path, tmp_path: Path) -> None:
    shelf = Shelf()
    with world_of(fresh_database, tmp_path, shelf) as world:
        answer = world.browser.begin("GET", "/api/plugins/shelf/events")
        assert shelf.begun.wait(60)
        world.browser.on_loop(world.site.hub.close)
        assert answer.result(60).whole
    assert shelf.left.wait(60)


def test_a_flood_for_one_plugin_leaves_others_alone(open_site: Open) -> None:
    shelf = Shelf()
    browser = open_site(shelf, Shelf("other")).browser
    waiting = [browser.begin("GET", "/api/plugins/shelf/hang") for _ in range(AT_ONCE + 20)]
    eventually(lambda: sum(one.done() for one in waiting) == 20, "those beyond the limit are refused")
    refused = [one.result(0) for one in waiting if one.done()]
    assert {one.status for one in refused} == {503}
    assert refused[0].headers["retry-after"] == "1"
    assert browser.ask("GET", "/api/plugins/other/seen/a").status == 200
    shelf.go.set()
    assert {one.result(60).status for one in waiting} == {200, 503}


def test_those_who_send_slowly_take_no_place_of_the_plugin(
    world: World, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Semaphore(0), threading.Event()

    def trickle() -> Iterator[bytes]:
        yield b"1"
        begun.release()
        go.wait(20)
        yield b"2"

    monkeypatch.setattr(proxy, "AT_ONCE", 1)
    headers = {"content-length": "2"}
    sending = [world.browser.begin("POST", "/api/plugins/shelf/echo", headers=headers, body=trickle()) for _ in "ab"]
    assert all(begun.acquire(timeout=60) for _ in sending)
    assert world.browser.ask("GET", "/api/plugins/shelf/say/none").status == 204
    go.set()
    for one in sending:
        assert one.result(60).status in {200, 503}, "now they need a place"


def test_those_who_read_a_file_slowly_take_no_place_of_the_plugin(
    world: World, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending, go = threading.Semaphore(0), threading.Event()

    async def send_slowly(*_: object) -> None:
        sending.release()
        await asyncio.to_thread(go.wait, 20)

    monkeypatch.setattr(proxy, "AT_ONCE", 2)
    monkeypatch.setattr(proxy, "send_named", send_slowly)
    reading = [world.browser.begin("GET", "/api/plugins/shelf/say/file") for _ in range(2)]
    assert all(sending.acquire(timeout=60) for _ in reading)
    assert world.browser.ask("GET", "/api/plugins/shelf/say/none").status == 204
    go.set()
    for one in reading:
        one.result(60)
