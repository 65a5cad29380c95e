"""With PostgreSQL several hosts may serve one listener: one at a time, and the next goes on where the last stopped."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator

import pytest

from tests.conftest import POSTGRESQL, postgresql_database
from tests.eventually import eventually
from tests.unit.library.conftest import World
from viewra.db.postgresql import ListenerLock
from viewra.errors import PluginUnavailable
from viewra.library import Notifier, delivery
from viewra.library.events import open_cursor
from viewra.types import LibraryEvent, ScanEvent

pytestmark = pytest.mark.skipif(POSTGRESQL is None, reason="VIEWRA_TEST_POSTGRESQL names no PostgreSQL to test with")

KINDS = ["started", "file", "file", "completed"]


@pytest.fixture
def migrated_url(fresh_postgresql: str) -> Iterator[str]:
    with postgresql_database(fresh_postgresql) as url:
        yield url


class Listening:
    """A listener that hears each event when the test lets it, and hosts that serve it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.begun = 0
        self.may_go_on = threading.Event()
        self.ears = world.hook.add_listener("ears", self._hears)
        self.hosts: list[Notifier] = []
        open_cursor(world.engine, "ears")
        open_cursor(world.engine, "late")  # has heard nothing, so that no event goes
        for number in range(2):
            world.put(f"{number}.mp3")
        world.scan()

    def _hears(self, _event: ScanEvent | LibraryEvent) -> None:
        self.begun += 1
        assert self.may_go_on.wait(60)

    def host(self) -> Notifier:
        self.hosts.append(made := Notifier(self.world.engine, self.world.hook))
        made.open()
        return made


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One for each time at which a host found another one at work."""
    found: list[bool] = []
    take = ListenerLock.take

    def noted(lock: ListenerLock) -> bool:
        if not (taken := take(lock)):
            found.append(True)
        return taken

    monkeypatch.setattr(ListenerLock, "take", noted)
    return found


@pytest.fixture
def listening(world: World) -> Iterator[Listening]:
    made = Listening(world)
    yield made
    made.may_go_on.set()
    for host in made.hosts:
        host.close(60)


def test_one_host_at_a_time_delivers_and_each_event_comes_once(listening: Listening, refusals: list[bool]) -> None:
    first = listening.host()
    eventually(lambda: listening.begun == 1)
    second = listening.host()
    eventually(lambda: len(refusals) > 2)
    assert listening.begun == 1, "the first is still at it"
    listening.may_go_on.set()
    assert first.wait_idle(math.inf)
    assert second.wait_idle(60)
    assert listening.ears.kinds == KINDS
    for number, host in enumerate((second, first, second)):
        listening.world.put(f"new {number}.mp3")
        listening.world.scan()
        host.wake()
        assert host.wait_idle(60)
    assert listening.ears.kinds == KINDS + ["started", "file", "completed"] * 3


def test_a_host_that_ends_waits_for_no_other(listening: Listening, refusals: list[bool]) -> None:
    listening.host()
    eventually(lambda: listening.begun == 1)
    second = listening.host()
    eventually(lambda: refusals)
    (thread,) = second._deliveries.values()
    thread.finish()
    eventually(lambda: not thread.is_alive())
    assert listening.begun == 1


def test_a_host_whose_plugin_is_gone_leaves_its_place_to_another(listening: Listening) -> None:
    def gone(_event: ScanEvent | LibraryEvent) -> None:
        raise PluginUnavailable("ears", "is stopped")

    listening.ears.behaviour = gone
    first = listening.host()
    eventually(lambda: not any(one.is_alive() for one in first._deliveries.values()))
    listening.ears.behaviour = None
    assert listening.host().wait_idle(60)
    assert listening.ears.kinds == KINDS


def test_a_host_that_lost_its_place_delivers_no_more(
    listening: Listening, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery, "PAGE", 1)
    host = listening.host()
    eventually(lambda: listening.begun == 1)
    with listening.world.engine.connect() as connection:
        ended = connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database() AND pid <> pg_backend_pid()"
        ).all()
    assert len(ended) == 1
    listening.may_go_on.set()
    eventually(lambda: not any(one.is_alive() for one in host._deliveries.values()))
    assert listening.ears.kinds == KINDS[:1]
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert errors[0].endswith("; notifications of plugin ears wait")
