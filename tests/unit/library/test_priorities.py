"""The operator's orders, and the search index that follows them."""

from __future__ import annotations

import pytest

from viewra import library
from viewra.errors import UsageError
from viewra.library import priorities
from viewra.types import FileOutcome


@pytest.fixture
def differing(world):
    """Five files of which two plugins differ, and one that only the first has read."""
    world.hook.add_scraper("first", lambda files: [FileOutcome({"title": "eins", "artist": "one"})] * len(files))
    second = world.hook.add_scraper("second", lambda files: [FileOutcome({"title": "zwei"})] * len(files))
    second.types = ("audio/mpeg",)
    for number in range(5):
        world.put(f"{number}.mp3")
    world.put("5.flac")
    world.scan()
    return world


def totals(world, *words: str) -> list[int]:
    return [library.search(world.engine, None, f"title:{word}").total for word in words]


def test_the_search_follows_the_order(differing, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_scan_and_listeners_go_by_it(differing) -> None:
    library.set_priority(differing.engine, "*", ["first"])
    listener = differing.hook.add_listener()
    notifier = library.Notifier(differing.engine, differing.hook)
    differing.scan(full=True, notifier=notifier)
    assert notifier.wait_idle(20)
    notifier.close(20)
    assert {event.metadata["title"] for event in listener.heard if event.kind == "file"} == {"eins"}
    assert totals(differing, "eins", "zwei") == [6, 0]


def test_a_field_that_is_not_searched_needs_no_index(differing) -> None:
    assert library.set_priority(differing.engine, "mood", ["first"]) == 0


@pytest.mark.parametrize(("field", "plugins"), [("", ["first"]), ("title", ["first", "first"])])
def test_what_is_no_order(world, field: str, plugins: list[str]) -> None:
    with pytest.raises(UsageError):
        library.set_priority(world.engine, field, plugins)


def test_who_has_read(differing) -> None:
    assert library.has_read(differing.engine, "first")
    assert not library.has_read(differing.engine, "third")
