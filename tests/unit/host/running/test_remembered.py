"""What a host remembers of plugins for the next host, and what it does when that cannot be stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from viewra.db import Quarantine
from viewra.db.engine import open_unmigrated
from viewra.errors import DatabaseError
from viewra.host.installed.discovery import Found, Place
from viewra.host.installed.installation import Installation
from viewra.host.running.remembered import PluginMemory, Remembered

OTHER = Found("other", Path("/plugins/other"), Place.GIVEN, None)
QUARANTINE = Quarantine("code", "broke down")
SERVICES = frozenset({"search_service"})


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[sa.Engine]:
    engine = open_unmigrated(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    directory = tmp_path / "p"
    directory.mkdir()
    (directory / "plugin.cue").write_text("")
    return Installation(Found("p", directory, Place.GIVEN, None), data_dir=tmp_path / "data")


def test_the_next_host_knows_it_and_of_this_plugin_alone(engine: sa.Engine, installation: Installation) -> None:
    place = installation.place
    first = Remembered(engine)
    first.set_quarantine(place, QUARANTINE)
    first.set_services(place, "code", SERVICES)
    first.set_fact(place, "about", "code", "a text")
    for records in (first, Remembered(engine)):
        kept = records.quarantine(place)
        assert kept is not None
        assert (kept.code_hash, kept.reason) == (QUARANTINE.code_hash, QUARANTINE.reason)
        assert records.services(place) == ("code", SERVICES)
        assert records.fact(place, "about") == ("code", "a text")
        assert (records.quarantine(OTHER), records.services(OTHER), records.fact(OTHER, "about")) == (None, None, None)
        assert records.fact(place, "other") is None


def test_a_release_lasts_and_what_changes_takes_the_place_of_what_was(
    engine: sa.Engine, installation: Installation
) -> None:
    place = installation.place
    records = Remembered(engine)
    records.set_quarantine(place, QUARANTINE)
    records.set_quarantine(place, None)
    records.set_quarantine(place, None)
    for services in (SERVICES, SERVICES, frozenset[str]()):
        records.set_services(place, "code", services)
    for text in ("a text", "a text", "another"):
        records.set_fact(place, "about", "code", text)
    for known in (records, Remembered(engine)):
        assert known.quarantine(place) is None
        assert known.services(place) == ("code", frozenset())
        assert known.fact(place, "about") == ("code", "another")


def test_what_is_known_already_is_not_written_again(engine: sa.Engine, installation: Installation) -> None:
    place = installation.place
    records = Remembered(engine)
    records.set_services(place, "code", SERVICES)
    records.set_fact(place, "about", "code", "a text")
    written: list[str] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def seen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("SELECT", "PRAGMA", "BEGIN")):
            written.append(statement)

    records.set_services(place, "code", SERVICES)
    records.set_fact(place, "about", "code", "a text")
    records.set_quarantine(place, None)
    assert written == []


def test_only_what_the_code_in_use_gave_counts(engine: sa.Engine, installation: Installation) -> None:
    memory = PluginMemory(installation, Remembered(engine))
    code = installation.used.code_hash
    memory.set_quarantine(Quarantine(code, "broke down"))
    memory.set_services(code, SERVICES)
    memory.set_fact("about", "a text")
    assert (memory.quarantine(), memory.services(), memory.fact("about")) == ("broke down", SERVICES, "a text")
    (installation.place.directory / "main.py").write_text("new")
    assert memory.fact("about") is None, "nobody has asked the new code"
    later = PluginMemory(Installation(installation.place, data_dir=Path("/nowhere")), Remembered(engine))
    assert (later.quarantine(), later.services(), later.fact("about")) == ("", None, None)


def test_a_host_without_records_remembers_nothing(installation: Installation) -> None:
    memory = PluginMemory(installation, None)
    memory.set_quarantine(QUARANTINE)
    memory.set_services("code", SERVICES)
    memory.set_fact("about", "a text")
    assert (memory.quarantine(), memory.services(), memory.fact("about")) == ("", None, None)


class Broken:
    """Records in a database that is gone."""

    def __getattr__(self, name: str) -> object:
        def fails(*_arguments: object) -> None:
            raise DatabaseError(f"no {name}: the disk is full")

        return fails


def test_records_that_cannot_be_stored_are_told_of_and_lost(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    memory = PluginMemory(installation, cast(Remembered, Broken()))
    memory.set_quarantine(QUARANTINE)
    memory.set_services("code", SERVICES)
    memory.set_fact("about", "a text")
    assert memory.fact("about") is None
    assert caplog.text.count("plugin p: its record cannot be stored or read: no ") == 4
