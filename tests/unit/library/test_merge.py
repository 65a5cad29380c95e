"""Which plugin's value takes precedence, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.library.merge import Priorities, Reading, merge, pick

OLD, NEW, SAME = (
    Reading("old", 1, {"title": "o", "album": "o", "only": "o"}),
    Reading("new", 2, {"title": "n", "album": "n"}),
    Reading("same", 2, {"title": "s"}),
)


@pytest.mark.parametrize(
    ("orders", "plugins", "why"),
    [
        ({}, ["new", "same", "old"], "the first plugin id of two read at once"),
        ({"*": ["old"]}, ["old", "new", "same"], "the order for all fields"),
        ({"title": ["same"]}, ["same", "new", "old"], "the order for title"),
        ({"title": ["same"], "*": ["old", "new"]}, ["same", "old", "new"], "the order for title"),
        ({"title": ["old", "same"]}, ["old", "same", "new"], "the order for title"),
        ({"album": ["old"]}, ["new", "same", "old"], "the first plugin id of two read at once"),
        ({"title": ["elsewhere"], "*": ["gone"]}, ["new", "same", "old"], "the first plugin id of two read at once"),
    ],
)
def test_the_order(orders: dict[str, list[str]], plugins: list[str], why: str) -> None:
    title = merge([OLD, NEW, SAME], Priorities(orders))["title"]
    assert [title.plugin, *(plugin for plugin, _ in title.others)] == plugins
    assert [title.value, *(value for _, value in title.others)] == [plugin[0] for plugin in plugins]
    assert title.why == why


@pytest.mark.parametrize(
    ("orders", "stated", "plugins", "why"),
    [
        ({}, {"title": {"old": 10}}, ["old", "new", "same"], "the priority in its manifest"),
        ({}, {"title": {"old": 1}}, ["old", "new", "same"], "the priority in its manifest"),
        ({}, {"title": {"new": -1, "same": -1}}, ["old", "new", "same"], "the priority in its manifest"),
        ({}, {"title": {"old": 5, "same": 10}}, ["same", "old", "new"], "the priority in its manifest"),
        ({}, {"title": {"old": 5, "same": 5}}, ["same", "old", "new"], "read last"),
        ({}, {"album": {"old": 10}}, ["new", "same", "old"], "the first plugin id of two read at once"),
        ({"title": ["new"]}, {"title": {"old": 10}}, ["new", "old", "same"], "the order for title"),
        ({"*": ["same"]}, {"title": {"old": 10}}, ["same", "old", "new"], "the order for all fields"),
    ],
)
def test_what_manifests_state_comes_after_the_operator(
    orders: dict[str, list[str]], stated: dict[str, dict[str, int]], plugins: list[str], why: str
) -> None:
    title = merge([OLD, NEW, SAME], Priorities(orders, stated))["title"]
    assert [title.plugin, *(plugin for plugin, _ in title.others)] == plugins
    assert title.why == why


def test_several_values_stay_apart() -> None:
    reading = Reading("a", 1, {"artist": ["Clara", "Johannes"], "title": "Trio"})
    for readings in ([reading], [reading, OLD]):
        assert merge(readings, Priorities({"*": ["a"]}))["artist"].value == ["Clara", "Johannes"]
        picked = pick(readings, Priorities({"*": ["a"]}), ("artist", "title", "genre"))
        assert picked == {"artist": ["Clara", "Johannes"], "title": "Trio"}


def test_the_newest_and_the_only_one() -> None:
    merged = merge([OLD, NEW], Priorities())
    assert (merged["album"].plugin, merged["album"].why) == ("new", "read last")
    assert (merged["only"].plugin, merged["only"].why, merged["only"].others) == (
        "old",
        "no other plugin gives one",
        (),
    )


NAMES = st.sampled_from(["a", "b", "c"])
READINGS = st.lists(
    st.builds(Reading, NAMES, st.integers(0, 3), st.dictionaries(st.sampled_from(["x", "y"]), st.text(max_size=2))),
    unique_by=lambda reading: reading.plugin_id,
)
ORDERS = st.dictionaries(st.sampled_from(["x", "y", "*"]), st.lists(NAMES, unique=True))


STATED = st.dictionaries(st.sampled_from(["x", "y"]), st.dictionaries(NAMES, st.integers(0, 2)))


@given(READINGS, ORDERS, STATED)
def test_what_is_searched_is_what_is_shown(
    readings: list[Reading], orders: dict[str, list[str]], stated: dict[str, dict[str, int]]
) -> None:
    priorities = Priorities(orders, stated)
    merged = {field: value.value for field, value in merge(readings, priorities).items()}
    assert pick(readings, priorities, ("x", "y")) == merged
