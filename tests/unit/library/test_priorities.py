"""The operator's orders, and the search index that follows them."""

from __future__ import annotations

import signal

import pytest

from tests.forking import server
from tests.unit.library.conftest import FakeScraper, World
from viewra import library
from viewra.errors import UsageError
from viewra.library import priorities
from viewra.types import FileOutcome


@pytest.fixture
def differing(world: World) -> World:
    """Five files of which two plugins differ, and one that only the first has read."""
    world.hook.add_scraper("first", lambda files: [FileOutcome({"title": "eins", "artist": "one"})] * len(files))
    second = world.hook.add_scraper("second", lambda files: [FileOutcome({"title": "zwei"})] * len(files))
    second.types = ("audio/mpeg",)
    for number in range(5):
        world.put(f"{number}.mp3")
    world.put("5.flac")
    world.scan()
    return world


def totals(world: World, *words: str) -> list[int]:
    return [library.search(world.engine, None, f"title:{word}").total for word in words]


def test_the_search_follows_the_order(differing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priorities, "ROWS_A_TRANSACTION", 2)
    assert library.set_priority(differing.engine, "title", ["first", "second"]) == 5
    assert totals(differing, "eins", "zwei") == [6, 0]
    assert library.set_priority(differing.engine, "*", ["second"]) == 5
    assert totals(differing, "eins", "zwei") == [6, 0]
    assert library.list_priorities(differing.engine) == {"*": ["second"], "title": ["first", "second"]}
    assert library.set_priority(differing.engine, "title", []) == 5
    assert totals(differing, "eins", "zwei") == [1, 5]
    assert library.search(differing.engine, None, "artist:one path:0").total == 1
    differing.check_consistent()


def test_a_scan_and_listeners_go_by_it(differing: World) -> None:
    library.set_priority(differing.engine, "*", ["first"])
    listener = differing.hook.add_listener()
    notifier = library.Notifier(differing.engine, differing.hook)
    differing.scan(full=True, notifier=notifier)
    assert notifier.wait_idle(20)
    notifier.close(20)
    assert {event.metadata["title"] for event in listener.scans if event.kind == "file"} == {"eins"}
    assert totals(differing, "eins", "zwei") == [6, 0]


def test_a_field_that_is_not_searched_needs_no_index(differing: World) -> None:
    assert library.set_priority(differing.engine, "mood", ["first"]) == 0


def state(world: World, plugin_id: str, **priority: int) -> None:
    """Change what a plugin's manifest states, as another version of its code does."""
    (scraper,) = (result.value for result in world.hook.scrapers if result.plugin_id == plugin_id)
    assert isinstance(scraper, FakeScraper)
    scraper.priority = priority


def test_what_a_manifest_states_counts_and_the_search_follows(differing: World) -> None:
    state(differing, "first", title=10)
    elsewhere = differing.folder.with_name("elsewhere")
    elsewhere.mkdir()
    differing.scan(elsewhere)  # the files are in another library, and nothing is read again
    assert totals(differing, "eins", "zwei") == [6, 0]
    shown = library.show(differing.engine, str(differing.folder / "0.mp3")).metadata["title"]
    assert (shown.value, shown.plugin, shown.why) == ("eins", "first", "the priority in its manifest")
    state(differing, "second", title=11)
    differing.scan(elsewhere)
    assert totals(differing, "eins", "zwei") == [1, 5]
    state(differing, "second")
    differing.scan(elsewhere)
    assert totals(differing, "eins", "zwei") == [6, 0]
    differing.check_consistent()


def test_a_number_below_0_counts_only_where_nobody_else_says_anything(differing: World) -> None:
    state(differing, "second", title=-1000, artist=-1000)
    differing.scan()
    assert totals(differing, "eins", "zwei") == [6, 0], "though it was read last"
    shown = library.show(differing.engine, str(differing.folder / "0.mp3")).metadata["title"]
    assert (shown.value, shown.why, shown.others) == ("eins", "the priority in its manifest", (("second", "zwei"),))
    state(differing, "first", title=-1000)
    differing.scan()
    assert totals(differing, "eins", "zwei") == [1, 5], "neither says more than a guess"
    differing.hook.add_scraper("guesses", lambda files: [FileOutcome({"album": "geraten"})] * len(files))
    state(differing, "guesses", album=-1000)
    differing.scan()
    assert library.search(differing.engine, None, "album:geraten").total == 6
    differing.check_consistent()


def test_the_operator_stays_above_manifests(differing: World) -> None:
    library.set_priority(differing.engine, "title", ["second"])
    state(differing, "first", title=1000)
    differing.scan()
    assert totals(differing, "eins", "zwei") == [1, 5]
    assert library.list_priorities(differing.engine) == {"title": ["second"]}


def test_a_plugin_that_is_away_keeps_what_its_manifest_stated(differing: World) -> None:
    state(differing, "first", title=10)
    differing.scan()
    differing.hook.scrapers = [result for result in differing.hook.scrapers if result.plugin_id != "first"]
    differing.scan(full=True)
    assert totals(differing, "eins", "zwei") == [6, 0]


def test_nothing_is_written_where_nothing_was_stated_anew(differing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    state(differing, "first", title=10, mood=3)
    differing.scan()
    monkeypatch.setattr(priorities, "writing", None)
    priorities.keep_stated(differing.engine, [result.unwrap() for result in differing.hook.scrapers])


@pytest.mark.parametrize(("field", "plugins"), [("", ["first"]), ("title", ["first", "first"])])
def test_what_is_no_order(world: World, field: str, plugins: list[str]) -> None:
    with pytest.raises(UsageError):
        library.set_priority(world.engine, field, plugins)


def test_who_has_read(differing: World) -> None:
    assert library.has_read(differing.engine, "first")
    assert not library.has_read(differing.engine, "third")


KILLED = """
import functools, os, signal, sys
from viewra import library
from viewra.db import open_database
from viewra.library import documents, priorities

priorities.ROWS_A_TRANSACTION = 2
original = priorities._mark

def deadly(connection, after, **more):
    original(connection, after, **more)
    if after:  # some files are done, and not committed yet: the page before is
        if deadly.pages:
            os.kill(os.getpid(), signal.SIGKILL)
        deadly.pages = 1

deadly.pages = 0
priorities._mark = deadly
library.set_priority(open_database(sys.argv[1]), "title", ["first"])
"""


@pytest.mark.parametrize("by", ["the next host", "the next order"])
def test_killed_half_way_it_is_completed(differing: World, by: str) -> None:
    with server().start(["-c", differing.url], code=KILLED) as killed:
        assert killed.wait(60) == -signal.SIGKILL
    assert totals(differing, "eins", "zwei") == [3, 3], "two of five, and the one that had no other"
    assert library.list_priorities(differing.engine) == {"title": ["first"]}
    if by == "the next host":
        library.recover(differing.engine)
    else:
        assert library.set_priority(differing.engine, "mood", ["first"]) == 3
    assert totals(differing, "eins", "zwei") == [6, 0]
    assert library.list_priorities(differing.engine)["title"] == ["first"]
    assert library.set_priority(differing.engine, "mood", []) == 0
    assert library.verify(differing.engine) == []
